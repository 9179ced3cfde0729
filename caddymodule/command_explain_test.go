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
	} {
		t.Run(test.golden, test.run)
	}
}
