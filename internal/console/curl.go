package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// command is one line to try something with.
type command struct{ ID, Title, Text string }

// commands take somebody who has a statement from it to a first call. Without
// the statement they read it from the file that was downloaded.
func (v *visit) commands(app management.Application, jwt string) []command {
	at := strings.TrimSuffix(v.Issuer, "/")
	if !strings.Contains(at, "://") {
		at = "https://" + at // an issuer can be a bare name
	}
	statement := jwt
	if statement == "" {
		statement = "$(cat " + statementFile(app) + ")"
	}
	register := `curl -sS ` + at + `/o/client/register \
  -H 'Content-Type: application/json' \
  -d '{"software_statement":"` + statement + `"` + redirect(app) + `}'`
	if jwt == "" {
		register = `curl -sS ` + at + `/o/client/register \
  -H 'Content-Type: application/json' \
  -d "{\"software_statement\":\"` + statement + `\"` + strings.ReplaceAll(redirect(app), `"`, `\"`) + `}"`
	}
	all := []command{
		{"c-register", "1. Register a client: the answer has client_id and client_secret", register},
		{"c-token", "2. Get an access token with them", `curl -sS ` + at + `/o/client/token \
  -d grant_type=client_credentials \
  -d client_id="$CLIENT_ID" \
  -d client_secret="$CLIENT_SECRET"`},
	}
	if call := sampleCall(at, app); call != "" {
		all = append(all, command{"c-call", "3. Call an API with it", call})
	}
	return all
}

func statementFile(app management.Application) string {
	return fileName(app.Name, app.Version) + ".jwt"
}

// redirect is what a client may ask for, where the application covers anything.
func redirect(app management.Application) string {
	switch {
	case len(app.Domains) > 0:
		return `,"redirect_uri":"https://` + app.Domains[0] + `/"`
	case len(app.CustomSchemes) > 0:
		return `,"redirect_uri":"` + app.CustomSchemes[0] + `://"`
	default:
		return ""
	}
}

// samples are a first call for each scope.
var samples = []struct{ scope, method, path string }{
	{"api:client:v2", "GET", "/api/v2/{channel}/configuration"},
	{"api:client:v1", "GET", "/api/v1/config/{channel}"},
	{"api:client:sdk", "GET", "/adobe-services/config/{channel}"},
	{"analytics:client", "GET", "/esm/v3/media-company"},
	{"decisions:owner", "GET", "/control/v3/degradation/{programmer}/all?programmer={channel}"},
	{"decisions:client", "GET", "/control/v3/degradation/{programmer}/all?programmer={channel}"},
	{"temporary:passes:owner", "DELETE", "/reset-tempass/v3/reset?requestor_id={channel}&mvpd_id=TempPass1&device_id=all"},
	{"mvpd:proxies:owner", "GET", "/control/v3/mvpd-proxies/{proxy}/mvpds"},
}

func sampleCall(at string, app management.Application) string {
	channel, proxy := "YOUR-CHANNEL", "YOUR-PROXY"
	if len(app.Channels) > 0 {
		channel = app.Channels[0]
	}
	if len(app.ProxyMVPDs) > 0 {
		proxy = app.ProxyMVPDs[0]
	}
	for _, s := range samples {
		if !slices.Contains(app.Scopes, s.scope) {
			continue
		}
		path := strings.NewReplacer("{channel}", url.PathEscape(channel), "{programmer}", url.PathEscape(app.Programmer),
			"{proxy}", url.PathEscape(proxy)).Replace(s.path)
		method := ""
		if s.method != "GET" {
			method = "-X " + s.method + " "
		}
		return `curl -sS -i ` + method + `'` + at + path + `' \
  -H "Authorization: Bearer $ACCESS_TOKEN"`
	}
	return ""
}
