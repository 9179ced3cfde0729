package gateway

import "net/http"

// style is how an API refuses.
type style int

const (
	oauth style = iota
	enhanced
)

// api is one protected API with an honest call of it. {CHANNEL} in target and
// body is where the call names a channel.
type api struct {
	profile, method, target, body, contentType, scope string
	errors                                            style
	// programmer says that the channel is also the path's programmer, whose
	// refusal is the same.
	proxyMVPD bool
}

var apis = []api{
	{
		profile: "temp_pass", method: http.MethodDelete, scope: "temporary:passes:owner",
		target: "/reset-tempass/v3/reset?device_id=all&requestor_id={CHANNEL}&mvpd_id=TempPass1",
	},
	{
		profile: "degradation", method: http.MethodPost, scope: "decisions:owner",
		target: "/control/v3/degradation/{CHANNEL}/authzAll?programmer={CHANNEL}&mvpd=MVPD1&ttl=3600",
	},
	{
		profile: "proxy_mvpd", method: http.MethodPost, scope: "mvpd:proxies:owner",
		target: "/control/v3/mvpd-proxies/{CHANNEL}/mvpds", body: "proxied-mvpds=%3Cmvpds%2F%3E",
		contentType: "application/x-www-form-urlencoded", proxyMVPD: true,
	},
	{
		profile: "esm", method: http.MethodGet, scope: "analytics:client",
		target: "/esm/v3/media-company/year/month?requestor-id={CHANNEL}&format=json",
	},
	{
		profile: "rest_v1", method: http.MethodGet, scope: "api:client:v1",
		target: "/api/v1/tokens/authn?requestor={CHANNEL}&deviceId=abc", errors: enhanced,
	},
	{
		profile: "rest_v2", method: http.MethodGet, scope: "api:client:v2",
		target: "/api/v2/{CHANNEL}/configuration", errors: enhanced,
	},
	{
		profile: "sdk", method: http.MethodPost, scope: "api:client:sdk",
		target: "/adobe-services/session", body: "requestor_id={CHANNEL}&_method=GET",
		contentType: "application/x-www-form-urlencoded",
	},
}
