package roster

// BuiltInScopes are those of the protected APIs that come with the gateway.
var BuiltInScopes = []Scope{
	{Name: "analytics:client", Description: "Entitlement Service Monitoring: read reports"},
	{Name: "api:client:sdk", Description: "the services behind the SDKs"},
	{Name: "api:client:v1", Description: "REST API V1"},
	{Name: "api:client:v2", Description: "REST API V2"},
	{Name: "decisions:client", Description: "Degradation: read the rules"},
	{Name: "decisions:owner", Description: "Degradation: change the rules"},
	{Name: "mvpd:proxies:owner", Description: "Proxy MVPD: list and change proxied MVPDs", Restricted: true},
	{Name: "temporary:passes:owner", Description: "TempPass: reset temporary passes"},
}
