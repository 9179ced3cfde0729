package gateway

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// users have the password "tour"; nobody would take so little work to check
// one outside of a test.
const users = `basic_auth {
		ann $2b$04$EfE4AYoTEzyMa3y2598YKOubopB040ikGPstXQ.9sWEVYGCjUD1Ay
		bob $2b$04$EfE4AYoTEzyMa3y2598YKOubopB040ikGPstXQ.9sWEVYGCjUD1Ay
		eve $2b$04$EfE4AYoTEzyMa3y2598YKOubopB040ikGPstXQ.9sWEVYGCjUD1Ay
	}
	dcr_console {
		role ann operator
		role bob programmer REF
	}`

func password(name, secret string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
}

func TestTheConsoleIsForThoseWhoHaveARole(t *testing.T) {
	g := harness.Start(t, harness.Config{Site: users})
	for _, target := range []string{"/api/v1/me", "/"} {
		assert.Equal(t, 401, g.Do("GET", target, "").Status, "Caddy's own refusal")
		assert.Equal(t, 401, g.Do("GET", target, "", password("ann", "wrong")).Status)
		assert.Equal(t, 403, g.Do("GET", target, "", password("eve", "tour")).Status)
		assert.Equal(t, 200, g.Do("GET", target, "", password("bob", "tour")).Status)
	}
	me := g.Do("GET", "/api/v1/me", "", password("bob", "tour")).JSON(t)
	assert.Equal(t, "http_basic", me["method"])

	json := "Content-Type: application/json"
	require.Equal(t, 201, g.Do("POST", "/api/v1/programmers", `{"id":"REF"}`, password("ann", "tour"), json).Status)
	assert.Equal(t, 403, g.Do("POST", "/api/v1/programmers", `{"id":"FOX"}`, password("bob", "tour"), json).Status)
	entry := g.MustDCR("audit", "list", "--json")
	assert.Contains(t, entry, `"surface": "api"`)
	assert.Contains(t, entry, `"address": "127.0.0.1"`)
	assert.NotContains(t, g.Log(), "lets nobody in")

	cross := g.Do("POST", "/api/v1/programmers", `{"id":"FOX"}`, password("ann", "tour"), json, "Sec-Fetch-Site: cross-site")
	assert.Equal(t, 403, cross.Status)
	assert.Contains(t, cross.Body, "#cross_origin")
}

// After a reload that failed, the sites go on with the configuration before,
// and so does the console in them.
func TestTheConsoleOutlivesAFailedReload(t *testing.T) {
	g := harness.Start(t, harness.Config{Site: users})
	body := `{"id":"REF"}`
	require.Equal(t, 201, g.Do("POST", "/api/v1/programmers", body, password("ann", "tour"), "Content-Type: application/json").Status)
	g.Configure(harness.Config{Site: strings.Replace(users, "operator", "read_only", 1) + "\n\tdcr_guard {\n\t\troute GET /x {\n\t\t\topen\n\t\t\tthrottle\n\t\t}\n\t}"})
	require.NotZero(t, g.Reload().Status)
	require.Equal(t, 201, g.Do("POST", "/api/v1/programmers", `{"id":"FOX"}`, password("ann", "tour"), "Content-Type: application/json").Status)
	g.Configure(harness.Config{Site: strings.Replace(users, "operator", "read_only", 1)})
	require.Zero(t, g.Reload().Status)
	assert.Equal(t, 403, g.Do("DELETE", "/api/v1/programmers/FOX", "", password("ann", "tour"), "If-Match: *").Status)
	assert.Equal(t, 200, g.Do("GET", "/api/v1/programmers/FOX", "", password("ann", "tour")).Status)
}

// The authentication behind forward_auth knows ann by her token, and lets
// others through without a name.
const forwarding = `{
	admin localhost:{ADMIN}
	auto_https off
	storage file_system {DIR}/caddy
	dcr {
		issuer http://127.0.0.1:{HTTP}
		store bolt {DIR}/dcr
		allow_http
	}
}

http://127.0.0.1:{HTTP} {
	handle /auth {
		@ann header Authorization "Bearer hers"
		header @ann Remote-User ann
		header @ann Remote-Groups "watch, admins"
		respond 200
	}
	handle {
		forward_auth 127.0.0.1:{HTTP} {
			uri /auth
			copy_headers Remote-Groups
		}
		dcr_console {
			identity {http.reverse_proxy.header.Remote-User}
			groups {http.reverse_proxy.header.Remote-Groups}
			group admins operator
			role mallory operator
		}
	}
}
`

func TestNobodyNamesThemselvesBehindForwardAuth(t *testing.T) {
	g := harness.Start(t, harness.Config{Caddyfile: forwarding})
	me := g.Do("GET", "/api/v1/me", "", "Authorization: Bearer hers")
	require.Equal(t, 200, me.Status, me.Body)
	assert.Equal(t, "ann", me.JSON(t)["name"])
	assert.Equal(t, "forward_auth", me.JSON(t)["method"])
	for _, header := range []string{"Remote-User: mallory", "Remote-Groups: admins", "remote_user: mallory"} {
		assert.Equal(t, 403, g.Do("GET", "/api/v1/me", "", header).Status, header)
	}
	both := g.Do("GET", "/api/v1/me", "", "Authorization: Bearer hers", "Remote-User: mallory")
	assert.Equal(t, "ann", both.JSON(t)["name"])
}

func TestAConsoleBehindAPathSaysWhereItBelongs(t *testing.T) {
	g := harness.Start(t, harness.Config{Site: "handle_path /console/* {\n" + users + "\n}"})
	got := g.Do("GET", "/console/api/v1/me", "", password("ann", "tour"))
	assert.Equal(t, 500, got.Status)
	assert.Contains(t, got.Body, "a site of its own")
}

func TestTheLogWarnsOfAConsoleBehindNothing(t *testing.T) {
	g := harness.Start(t, harness.Config{Site: "dcr_console {\n\t\trole ann operator\n\t}"})
	assert.Contains(t, g.Log(), "lets nobody in")
	assert.Equal(t, 403, g.Do("GET", "/api/v1/me", "", password("ann", "tour")).Status, "nobody has looked at the password")
}

func TestTheCommandsOfTheManagementAPIPageRun(t *testing.T) {
	_, run := tour(t)
	output := run(strings.Join(blocks(t, "docs/management-api.md"), "\n"))
	assert.Contains(t, output, `"role":"operator"`)
	assert.Contains(t, output, `"predecessor":"`, "a new version")
	assert.Contains(t, output, `"name":"Acme One"`, "the tag was good")
	assert.Contains(t, output, `"status":"pushed"`)
	assert.Contains(t, output, `"reason":"the tour is over"`)
	assert.Contains(t, output, `"operation":"application.revoke"`)
}
