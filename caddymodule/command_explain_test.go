package caddymodule

import (
	"strings"
	"testing"
)

const (
	testTrace     = "12f6fef9-d2e0-422b-a9d7-60d799abe353"
	testRefusal   = `{"trace":"` + testTrace + `","at":"2025-11-24T16:00:00.123Z","gateway":"gateway-1","decided_by":"guard","decision":"refused",`
	testOfChannel = testRefusal + `"reason":"channel_not_assigned","means":"The application is not assigned to the channel.",` +
		`"advice":"Compare the channels below: another channel needs an application that is assigned to it, a wrong one is the caller's mistake.",` +
		`"status":401,"asked":{"method":"GET","path":"/api/v2/OTHER/configuration","profile":"rest_v2","route":"/api/v2/{serviceProvider}/configuration","address":"192.0.2.7"},` +
		`"caller":{"proven":true,"client_id":"` + testClient + `","application_id":"` + testApp + `","application":` + testAppJSON + `,"statement_id":"` + testStatement + `",` +
		`"statement_issuer":"https://sp.example.com","platform":"Roku","registered_at":"2025-11-24T15:58:00Z"},` +
		`"token":{"state":"valid","id":"` + testStatement + `","issued_at":"2025-11-24T15:59:00Z","expires_at":"2025-11-24T21:59:00Z"},` +
		`"scopes":{"had":["api:client:v2"],"needed":["api:client:v2"]},"named":[{"kind":"channel","name":"OTHER"}],"refused":{"kind":"channel","name":"OTHER"}}`
)

func TestExplanationsAsTheyAreRead(t *testing.T) {
	for _, test := range []commandCase{
		{"explain", "explain " + testTrace, 200, testOfChannel, ""},
		{"explain json", "explain " + testTrace + " --json", 200, `{"trace":"` + testTrace + `"}`, ""},
		{"explain a kill", "explain " + testTrace, 200, testRefusal + `"reason":"application_revoked","means":"The application was revoked.","advice":"x","status":403,"asked":{},` +
			`"caller":{"proven":true,"client_id":"` + testClient + `"},"kills":[` + testKill + `],"incomplete":"the store does not answer now"}`, ""},
		{"explain a claim", "explain " + testTrace, 200, testRefusal + `"decided_by":"token","reason":"secret_wrong","means":"x","advice":"y","status":429,"retry_after_ms":1500,` +
			`"asked":{"method":"POST","path":"/o/client/token"},"caller":{"proven":false,"client_id":"` + testClient + `"},"detail":"too\u001b[2J many"}`, ""},
		{"explain what is missing", "explain " + testTrace, 200, testRefusal + `"reason":"parameter_missing","means":"x","advice":"y","asked":{"path":"/` + strings.Repeat("long", 30) + `"},"caller":{},` +
			`"missing":{"name":"mvpd","in":"query"},"named":[{"kind":"channel","missing":true},{"kind":"programmer","name":"REF"}],"refused":{"kind":"channel","missing":true}}`, ""},
		{"explain unknown", "explain " + testTrace, 404, `{"error":"nothing is remembered of the request ` + testTrace + `","field":"trace","hint":"the access log may have it"}`, ""},
		{"explain bad trace", "explain yesterday", 0, "", ""},
		{"explain nothing", "explain", 0, "", ""},
		{"check request", "check-request GET /api/v2/OTHER/configuration --token - --header Accept:a --header B:c --from 192.0.2.7 --host sp.example --profile rest_v2 --data x=y", 200,
			`{"allowed":false,"results":[` + testOfChannel + `]}`, "dcrt_secret\n"},
		{"check request at two guards", "check-request GET /a", 200, `{"allowed":true,"results":[{"decision":"allowed","reason":"allowed"},{"decision":"allowed","reason":"open_route"}]}`, ""},
		{"check request json", "check-request GET /a --json", 200, `{"allowed":true,"results":[]}`, ""},
		{"check request that is none", "check-request GET /a --from home", 400, `{"error":"from: got \"home\", want an IP address"}`, ""},
		{"check request without a path", "check-request GET", 0, "", ""},
		{"check request with an empty token", "check-request GET /a --token -", 0, "", " "},
		{"check token", "check-token -", 200, `{"allowed":true,"results":[{"decision":"allowed","reason":"allowed","token":{"state":"valid"}}]}`, "dcrt_secret\n"},
		{"check token without a file", "check-token", 0, "", ""},
		{"check token in place of a file", "check-token dcrt_secret", 0, "", ""},
		{"check statement", "check-statement - --platform tvOS --redirect-uri https://a/ --redirect-uri https://b/", 200,
			`{"allowed":false,"results":[{"decided_by":"registration","decision":"refused","reason":"statement_invalid"}]}`, "e30.e30.c2ln\n"},
		{"check statement unavailable", "check-statement -", 503, `{"error":"the state is not available now"}`, "e30.e30.c2ln\n"},
	} {
		t.Run(test.golden, test.run)
	}
}
