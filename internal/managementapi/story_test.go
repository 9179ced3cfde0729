package managementapi

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// settle makes the programmers REF and FOX with a channel or two each.
func (w *world) settle() {
	w.t.Helper()
	for programmer, channels := range map[string][]string{"REF": {"REF30", "REF31"}, "FOX": {"FOX1"}} {
		w.do(201, ann, "POST", "/api/v1/programmers", `{"id":"`+programmer+`"}`)
		for _, channel := range channels {
			w.do(201, ann, "POST", "/api/v1/channels", `{"id":"`+channel+`","programmer":"`+programmer+`"}`)
		}
	}
}

const demo = `{"name":"Demo","programmer":"REF","channels":["REF30"],"level":"channel","scopes":["api:client:v2"]}`

func (w *world) client(app string) string {
	w.t.Helper()
	c := state.Client{ID: uuid.New(), ApplicationID: uuid.MustParse(app), StatementID: uuid.New(), SecretMAC: []byte("hidden"), CreatedAt: 1764000000000}
	require.NoError(w.t, w.service.Records.PutClient(context.Background(), c))
	return c.ID.String()
}

func TestAProgrammersAdminTakesAnApplicationThroughItsLife(t *testing.T) {
	w := newWorld(t)
	w.settle()
	made := w.ask(bob, "POST", "/api/v1/applications", demo)
	require.Equal(t, 201, made.StatusCode, made.text)
	app := made.object(t)["id"].(string)
	assert.Equal(t, "/api/v1/applications/"+app, made.Header.Get("Location"))
	assert.Equal(t, "bob", made.object(t)["created_by"])
	at := made.Header.Get("Location")

	issued := w.do(201, bob, "POST", at+"/statements", "")
	file := w.ask(bob, "POST", at+"/statements", "", "Accept: text/plain")
	assert.Equal(t, 201, file.StatusCode)
	assert.Equal(t, "text/plain; charset=utf-8", file.Header.Get("Content-Type"))
	assert.Regexp(t, `^attachment; filename="software-statement-[0-9a-f-]{36}\.txt"$`, file.Header.Get("Content-Disposition"))
	assert.Regexp(t, `^[\w-]+\.[\w-]+\.[\w-]+\n$`, file.text)
	statements := w.do(200, kim, "GET", at+"/statements", "")["statements"].([]any)
	require.Len(t, statements, 2)
	assert.Equal(t, "bob", statements[0].(map[string]any)["issued_by"], "a list says by whom")
	assert.NotContains(t, statements[0], "software_statement")
	assert.Equal(t, "approved", w.do(200, eve, "POST", "/api/v1/statements/inspect", `{"software_statement":"`+issued["software_statement"].(string)+`"}`)["verdict"])

	client := w.client(app)
	assert.Len(t, w.do(200, bob, "GET", "/api/v1/clients?application="+app, "")["clients"], 1)
	shown := w.ask(eve, "GET", "/api/v1/clients/"+client, "")
	assert.NotContains(t, shown.text, "aGlkZGVu", "the hash of the secret")

	next := w.do(201, bob, "POST", at+"/versions", `{"domains":["example.com"]}`)
	assert.Equal(t, "2", next["version"])
	assert.Equal(t, app, next["predecessor"])
	assert.Equal(t, []any{next["id"]}, w.do(200, bob, "GET", at, "")["successors"])
	w.do(201, bob, "POST", at+"/versions", "")
	assert.Len(t, w.do(200, bob, "GET", "/api/v1/applications?programmer=REF&channel=REF30&level=channel&living=true", "")["applications"], 3)

	revoked := w.do(200, bob, "POST", "/api/v1/kills", `{"kind":"application","id":"`+app+`","reason":"old"}`)
	assert.Equal(t, true, revoked["applied"])
	assert.Equal(t, Revoked, w.ask(bob, "POST", at+"/statements", "").kind())
	assert.Equal(t, "application", w.do(200, bob, "GET", "/api/v1/clients/"+client, "")["stopped_by"])
	assert.Len(t, w.do(200, bob, "GET", "/api/v1/kills?kind=application", "")["kills"], 1)
	entries := w.do(200, bob, "GET", "/api/v1/audit?actor=bob&operation=application.revoke&since=2025-01-01T00:00:00Z", "")["entries"].([]any)
	require.Len(t, entries, 1)
	entry := entries[0].(map[string]any)
	assert.Equal(t, "api", entry["surface"])
	assert.Equal(t, "192.0.2.7", entry["address"])
	assert.Equal(t, "http_basic", entry["method"])
	assert.Equal(t, true, w.do(200, joe, "GET", "/api/v1/audit/verification", "")["whole"])
}

func TestChangesAreGatheredReviewedPushedAndRolledBack(t *testing.T) {
	w := newWorld(t)
	w.settle()
	made := w.ask(bob, "POST", "/api/v1/change-sets", `{"title":"spring","programmer":"REF"}`)
	require.Equal(t, 201, made.StatusCode, made.text)
	at := made.Header.Get("Location")
	one := w.ask(bob, "POST", at+"/changes", `{"operation":"channel.update","id":"REF30","channel":{"name":"Thirty"}}`, "If-Match: "+made.Header.Get("ETag"))
	require.Equal(t, 200, one.StatusCode, one.text)
	assert.Equal(t, Changed, w.ask(bob, "POST", at+"/changes", `{"operation":"channel.update","id":"REF31"}`, "If-Match: "+made.Header.Get("ETag")).kind(), "the draft has changed")
	two := w.ask(bob, "POST", at+"/changes", `{"operation":"application.create","application":`+demo+`}`)
	require.Equal(t, 200, two.StatusCode, two.text)
	assert.Len(t, w.do(200, kim, "GET", at, "")["changes"], 2)
	assert.Equal(t, "Thirty", w.change(at, 0)["after"].(map[string]any)["name"])
	assert.Equal(t, Invalid, w.ask(bob, "DELETE", at+"/changes/second", "", "If-Match: *").kind())
	assert.Equal(t, NotFound, w.ask(bob, "DELETE", at+"/changes/3", "", "If-Match: *").kind())
	w.do(200, bob, "DELETE", at+"/changes/2", "", "If-Match: "+two.Header.Get("ETag"))

	assert.Equal(t, PreconditionRequired, w.ask(bob, "POST", at+"/push", "").kind(), "what is pushed is what was reviewed")
	assert.Equal(t, Changed, w.ask(bob, "POST", at+"/push", "", "If-Match: "+two.Header.Get("ETag")).kind())
	seen := w.ask(bob, "GET", at, "")
	assert.Equal(t, "pushed", w.do(200, bob, "POST", at+"/push", "", "If-Match: "+seen.Header.Get("ETag"))["status"])
	assert.Equal(t, "Thirty", w.do(200, eve, "GET", "/api/v1/channels/REF30", "")["name"])
	assert.Len(t, w.do(200, bob, "GET", "/api/v1/change-sets?status=pushed&owner=bob&programmer=REF", "")["change_sets"], 1)
	assert.Equal(t, "rolled_back", w.do(200, bob, "POST", at+"/roll-back", "")["status"])
	assert.Equal(t, "REF30", w.do(200, eve, "GET", "/api/v1/channels/REF30", "")["name"])

	draft := w.ask(eve, "POST", "/api/v1/change-sets", `{"programmer":"REF","channel":"REF30"}`)
	w.do(204, eve, "DELETE", draft.Header.Get("Location"), "", "If-Match: "+draft.Header.Get("ETag"))
	stale := w.ask(ann, "POST", "/api/v1/change-sets", "").Header.Get("Location")
	w.do(200, ann, "POST", stale+"/changes", `{"operation":"channel.update","id":"REF31","channel":{"name":"mine"}}`)
	w.do(200, bob, "PUT", "/api/v1/channels/REF31", `{"name":"theirs"}`, "If-Match: *")
	conflict := w.ask(ann, "POST", stale+"/push", "", "If-Match: *")
	assert.Equal(t, http.StatusPreconditionFailed, conflict.StatusCode)
	assert.Len(t, conflict.object(t)["conflicts"], 1)
}

func (w *world) change(at string, i int) map[string]any {
	return w.do(200, bob, "GET", at, "")["changes"].([]any)[i].(map[string]any)
}

func TestRecordsAreChangedByWhoSawThem(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.do(201, ann, "POST", "/api/v1/proxy-mvpds", `{"id":"PROXY","name":"A proxy"}`)
	w.do(201, ann, "POST", "/api/v1/scopes", `{"name":"reports:read","description":"reports"}`)
	w.do(201, ann, "POST", "/api/v1/platforms", `{"name":"VIDAA","aliases":["Hisense"]}`)
	for path, update := range map[string]string{
		"/api/v1/programmers/REF":     `{"name":"Reference"}`,
		"/api/v1/channels/REF31":      `{"name":"Thirty-one","domains":["example.com"]}`,
		"/api/v1/proxy-mvpds/PROXY":   `{"name":"Another"}`,
		"/api/v1/scopes/reports:read": `{"restricted":true}`,
		"/api/v1/platforms/VIDAA":     `{"description":"television sets"}`,
	} {
		before := w.ask(ann, "GET", path, "")
		require.Equal(t, 200, before.StatusCode, before.text)
		tag := before.Header.Get("ETag")
		assert.Equal(t, `"`+before.object(t)["version"].(string)+`"`, tag)
		assert.Equal(t, PreconditionRequired, w.ask(ann, "PUT", path, update).kind(), path)
		assert.Equal(t, PreconditionRequired, w.ask(ann, "DELETE", path, "").kind(), path)
		for _, odd := range []string{"0123", `W/"0123"`, `"0123", "4567"`, `""`, `"a"b"`} {
			assert.Equal(t, Invalid, w.ask(ann, "PUT", path, update, "If-Match: "+odd).kind(), "%s: %s", path, odd)
		}
		after := w.ask(ann, "PUT", path, update, "If-Match: "+tag)
		require.Equal(t, 200, after.StatusCode, after.text)
		assert.NotEqual(t, tag, after.Header.Get("ETag"), path)
		late := w.ask(ann, "PUT", path, update, "If-Match: "+tag)
		assert.Equal(t, Changed, late.kind(), path)
		assert.Equal(t, http.StatusPreconditionFailed, late.StatusCode)
		assert.Equal(t, Changed, w.ask(ann, "DELETE", path, "", "If-Match: "+tag).kind(), path)
		if path != "/api/v1/programmers/REF" {
			w.do(204, ann, "DELETE", path, "", "If-Match: "+after.Header.Get("ETag"))
			assert.Equal(t, NotFound, w.ask(ann, "GET", path, "").kind(), path)
			assert.Equal(t, NotFound, w.ask(ann, "DELETE", path, "", "If-Match: *").kind(), path)
		} else {
			assert.Equal(t, InUse, w.ask(ann, "DELETE", path, "", "If-Match: *").kind(), path)
		}
	}
	assert.Empty(t, w.ask(ann, "GET", "/api/v1/scopes/api:client:v2", "").Header.Get("ETag"), "nobody has made a record of it")
}

func TestWhatIsAskedForTwiceHappensOnce(t *testing.T) {
	w := newWorld(t)
	w.settle()
	key := "Idempotency-Key: 5f1c"
	first := w.do(201, bob, "POST", "/api/v1/applications", demo, key)
	again := w.do(201, bob, "POST", "/api/v1/applications", demo, key)
	assert.Equal(t, first["id"], again["id"])
	other := w.ask(bob, "POST", "/api/v1/applications", `{"name":"Other","programmer":"REF","channels":["REF30"],"scopes":["api:client:v2"]}`, key)
	assert.Equal(t, KeyReused, other.kind())
	assert.Equal(t, http.StatusUnprocessableEntity, other.StatusCode)
	assert.NotEqual(t, first["id"], w.do(201, ann, "POST", "/api/v1/applications", demo, key)["id"], "another's key is another key")
	at := "/api/v1/applications/" + first["id"].(string)
	one, two := w.do(201, bob, "POST", at+"/statements", "", "Idempotency-Key: s"), w.do(201, bob, "POST", at+"/statements", "", "Idempotency-Key: s")
	assert.Equal(t, one["id"], two["id"])
	for _, path := range []string{"/api/v1/programmers", "/api/v1/change-sets"} {
		body := map[string]string{"/api/v1/programmers": `{"id":"NEW"}`, "/api/v1/change-sets": `{"title":"t"}`}[path]
		made := w.ask(ann, "POST", path, body, "Idempotency-Key: "+path)
		require.Equal(t, 201, made.StatusCode, made.text)
		assert.Equal(t, made.Header.Get("Location"), w.ask(ann, "POST", path, body, "Idempotency-Key: "+path).Header.Get("Location"))
	}
}

func TestListsComeInParts(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"A", "B", "C", "D", "E"} {
		w.do(201, ann, "POST", "/api/v1/programmers", `{"id":"`+id+`"}`)
	}
	var found []any
	for cursor := ""; ; {
		page := w.do(200, ann, "GET", "/api/v1/programmers?limit=2"+cursor, "")
		assert.LessOrEqual(t, len(page["programmers"].([]any)), 2)
		for _, p := range page["programmers"].([]any) {
			found = append(found, p.(map[string]any)["id"])
		}
		next, more := page["cursor"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	assert.Equal(t, []any{"A", "B", "C", "D", "E"}, found)
}

// The rest of what there is to see, so that each operation has answered once.
func TestWhatThereIsToSee(t *testing.T) {
	w := newWorld(t)
	w.settle()
	assert.Equal(t, []any{map[string]any{"role": "channel_admin", "programmer": "REF", "channel": "REF30"}}, w.do(200, eve, "GET", "/api/v1/me", "")["roles"])
	assert.EqualValues(t, 3, w.do(200, joe, "GET", "/api/v1/census?limit=5", "")["live"])
	assert.Len(t, w.do(200, joe, "GET", "/api/v1/routes", "")["routes"], 1)
	assert.Equal(t, "scope_missing", w.do(200, joe, "GET", "/api/v1/refusals/"+w.trace.String(), "")["reason"])
	assert.Equal(t, NotFound, w.ask(joe, "GET", "/api/v1/refusals/"+uuid.NewString(), "").kind())
	assert.Equal(t, false, w.do(200, joe, "POST", "/api/v1/trials/request", `{"method":"GET","path":"/"}`)["allowed"])
	w.do(200, joe, "POST", "/api/v1/trials/token", `{"token":"x"}`)
	w.do(200, joe, "POST", "/api/v1/trials/statement", `{"software_statement":"x"}`)
	assert.Equal(t, "token", w.do(201, ann, "POST", "/api/v1/keys", `{"use":"token","in_seconds":0}`)["key"].(map[string]any)["use"])
	assert.Len(t, w.do(200, joe, "GET", "/api/v1/keys", "")["keys"], 1)
	assert.NotEmpty(t, w.do(200, lea, "GET", "/api/v1/scopes", "")["scopes"])
	assert.NotEmpty(t, w.do(200, lea, "GET", "/api/v1/platforms", "")["platforms"])
	assert.Empty(t, w.do(200, joe, "GET", "/api/v1/proxy-mvpds", "")["proxy_mvpds"])
	assert.Len(t, w.do(200, bob, "GET", "/api/v1/channels?programmer=REF", "")["channels"], 2)
	w.do(200, ann, "POST", "/api/v1/kills", `{"kind":"platform","id":"tvOS"}`)
	assert.NotEmpty(t, w.do(200, ann, "DELETE", "/api/v1/kills/platform/tvOS", "")["kill"].(map[string]any)["lifted_at"])

	head := w.ask(ann, "HEAD", "/api/v1/programmers/REF", "")
	assert.Equal(t, 200, head.StatusCode)
	assert.NotEmpty(t, head.Header.Get("ETag"))
	read := w.ask(ann, "GET", "/api/openapi.json", "")
	assert.Equal(t, document, read.text)
	assert.Equal(t, http.StatusNotModified, w.ask(ann, "GET", "/api/openapi.json", "", "If-None-Match: "+read.Header.Get("ETag")).StatusCode)
}
