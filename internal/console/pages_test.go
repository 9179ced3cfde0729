package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// Every page, asked for by everybody: o is an operator, p the admin of REF, c
// the admin of REF30, r a reader of everything, f the admin of FOX, n somebody
// without a role. A page that names a thing of somebody else's is, to the
// letter, one of a thing that there is not.
func TestEveryPageForEveryRole(t *testing.T) {
	w := newWorld(t)
	people := []access.Actor{olga, paul, carla, rita, rolf, fay, none}
	for _, row := range pageTable(w.fill()) {
		for i, a := range people {
			assert.Equal(t, row.want[i], w.get(a, row.path).Code, "%s asks for %s", a.Name, row.path)
		}
	}
}

type pageRow struct {
	path string
	want [7]int
}

func pageTable(x things) []pageRow {
	app, one, fox := x.app.ID.String(), x.appOfChannel.ID.String(), x.appOfFox.ID.String()
	return []pageRow{
		{"/", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/live", [7]int{200, 404, 404, 200, 404, 404, 403}},
		{"/programmers", [7]int{200, 200, 403, 200, 200, 200, 403}},
		{"/programmers/new", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/programmers/REF", [7]int{200, 200, 403, 200, 200, 404, 403}},
		{"/programmers/REF/edit", [7]int{200, 200, 403, 403, 403, 404, 403}},
		{"/programmers/REF/delete", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/programmers/NOBODY", [7]int{404, 404, 403, 404, 404, 404, 403}},
		{"/channels", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/channels/new", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/channels/REF30", [7]int{200, 200, 200, 200, 200, 404, 403}},
		{"/channels/REF31", [7]int{200, 200, 404, 200, 200, 404, 403}},
		{"/channels/FOX1", [7]int{200, 404, 404, 200, 404, 200, 403}},
		{"/channels/REF30/edit", [7]int{200, 200, 200, 403, 403, 404, 403}},
		{"/channels/REF31/edit", [7]int{200, 200, 404, 403, 403, 404, 403}},
		{"/channels/REF30/delete", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/applications", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/applications/new", [7]int{200, 200, 200, 403, 403, 200, 403}},
		{"/applications/new?from=" + app, [7]int{200, 200, 404, 403, 403, 404, 403}},
		{"/applications/" + app, [7]int{200, 200, 404, 200, 200, 404, 403}},
		{"/applications/" + one, [7]int{200, 200, 200, 200, 200, 404, 403}},
		{"/applications/" + fox, [7]int{200, 404, 404, 200, 404, 200, 403}},
		{"/applications/" + app + "/clients", [7]int{200, 200, 404, 200, 200, 404, 403}},
		{"/applications/no-id", [7]int{404, 404, 404, 404, 404, 404, 403}},
		{"/statements", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/clients", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/clients/" + x.client.String(), [7]int{200, 200, 200, 200, 200, 404, 403}},
		{"/proxy-mvpds", [7]int{200, 403, 403, 200, 403, 403, 403}},
		{"/proxy-mvpds/new", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/proxy-mvpds/PROXY1", [7]int{200, 403, 403, 200, 403, 403, 403}},
		{"/proxy-mvpds/PROXY1/edit", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/proxy-mvpds/PROXY1/delete", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/kills", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/kills/new?kind=application&id=" + app, [7]int{200, 200, 404, 403, 403, 404, 403}},
		{"/kills/new?kind=application&id=" + one, [7]int{200, 200, 200, 403, 403, 404, 403}},
		{"/kills/new?kind=platform&id=Roku", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/kills/new?kind=channel&id=REF30", [7]int{200, 200, 200, 403, 403, 404, 403}},
		{"/kills/new?kind=client&id=" + x.client.String(), [7]int{200, 200, 200, 403, 403, 404, 403}},
		{"/kills/lift?kind=platform&id=Tizen", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/routes", [7]int{200, 403, 403, 200, 403, 403, 403}},
		{"/changes", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/changes/" + x.draft.ID.String(), [7]int{200, 200, 404, 200, 200, 404, 403}},
		{"/audit", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/audit/1", [7]int{200, 200, 404, 200, 200, 404, 403}},
		{"/audit/verify", [7]int{200, 403, 403, 200, 403, 403, 403}},
		{"/refusals", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/refusals/" + x.trace.String(), [7]int{200, 200, 404, 200, 200, 404, 403}},
		{"/keys", [7]int{200, 403, 403, 200, 403, 403, 403}},
		{"/keys/rotate?use=token", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/keys/rotate?use=door", [7]int{404, 403, 403, 403, 403, 403, 403}},
		{"/catalogue", [7]int{200, 200, 200, 200, 200, 200, 403}},
		{"/catalogue/scopes/new", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/catalogue/fruit/new", [7]int{404, 403, 403, 403, 403, 403, 403}},
		{"/catalogue/platforms/Fridge/edit", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/catalogue/platforms/Fridge/delete", [7]int{200, 403, 403, 403, 403, 403, 403}},
		{"/catalogue/scopes/api:client:v2/edit", [7]int{404, 403, 403, 403, 403, 403, 403}},
		{"/nothing/here", [7]int{404, 404, 404, 404, 404, 404, 403}},
	}
}

// The tables have every route: one that is added to the console is added here.
func TestNoRouteIsForgotten(t *testing.T) {
	x := newWorld(t).fill()
	met := map[string]bool{}
	mux := http.NewServeMux()
	for _, r := range console.Routes() {
		if r[0] == http.MethodGet {
			mux.Handle(r[1], http.NotFoundHandler())
		}
	}
	meet := func(method, path string) {
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, path, nil))
		met[method+" "+pattern] = true
	}
	for _, row := range pageTable(x) {
		meet(http.MethodGet, row.path)
	}
	mux = http.NewServeMux()
	for _, r := range console.Routes() {
		if r[0] == http.MethodPost {
			mux.Handle(r[1], http.NotFoundHandler())
		}
	}
	for _, row := range formTable(x) {
		meet(http.MethodPost, row.path)
	}
	for _, r := range console.Routes() {
		assert.True(t, met[r[0]+" "+r[1]], "no table says who may do %s %s", r[0], r[1])
	}
}

// What people type is shown as they typed it, and is never a part of the page.
func TestHostileNamesAreNames(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	const evil = `"'><script src=//evil.example></script><img src=x onerror=alert(1)><a href="javascript:alert(1)" style="x">{{.}}</a>`
	ctx := within(t)
	mallory := who(evil, grant(access.Operator))
	_, err := w.service.UpdateChannel(ctx, by(mallory), "REF30", management.ChannelSpec{Name: evil})
	require.NoError(t, err)
	app, err := w.service.CreateApplication(ctx, by(mallory), management.Spec{Name: evil, Version: evil, Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}})
	require.NoError(t, err)
	_, err = w.service.IssueStatement(ctx, by(mallory), app.ID)
	require.NoError(t, err)
	_, err = w.service.Revoke(ctx, by(mallory), management.KillOrder{Kind: "key", ID: evil, Reason: evil, AllowUnknown: true})
	require.NoError(t, err)
	set, err := w.service.CreateChangeSet(ctx, by(mallory), management.ChangeSetSpec{Title: evil})
	require.NoError(t, err)
	_, err = w.service.AddChange(ctx, by(mallory), set.ID, management.Change{Operation: access.UpdateProgrammer, ID: "REF", Programmer: &management.ProgrammerSpec{Name: evil}})
	require.NoError(t, err)
	w.refusal.Path, w.refusal.Detail = evil, evil
	query := url.QueryEscape(evil)
	pages := w.crawl(mallory, "/refusals/"+x.trace.String(), "/audit?actor="+query, "/applications?programmer="+query, "/?done="+query, "/kills/new?kind=key&id="+query)
	met := 0
	for _, page := range pages {
		page.checkPolicy(t)
		if strings.Contains(page.text, "evil.example") {
			met++
		}
		for _, a := range page.all("a") {
			assert.False(t, strings.HasPrefix(value(a, "href"), "javascript:"), page.path)
		}
	}
	assert.Greater(t, met, 10, "the name is met everywhere")
	answer := w.post(mallory, "/applications/"+app.ID.String()+"/statements", url.Values{"as": {"file"}})
	if answer.Code == http.StatusOK {
		assert.NotContains(t, answer.Header().Get("Content-Disposition"), "evil.example>")
		assert.Equal(t, 2, strings.Count(answer.Header().Get("Content-Disposition"), `"`))
	}
}

func TestLongListsAreShownInPages(t *testing.T) {
	w := newWorld(t)
	ctx := within(t)
	for i := range 130 {
		_, err := w.service.CreateApplication(ctx, by(olga), management.Spec{
			Name: fmt.Sprintf("App %03d", i), Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"},
		})
		require.NoError(t, err)
	}
	for _, list := range []string{"/applications", "/audit"} {
		seen, pages := map[string]bool{}, 0
		for path := list; path != ""; pages++ {
			page := w.page(olga, path)
			path = ""
			rows := 0
			for _, a := range page.all("a") {
				if at := value(a, "href"); value(a.Parent, "scope") == "row" {
					seen[at] = true
					rows++
				}
				if value(a, "rel") == "next" {
					path = value(a, "href")
				}
			}
			assert.LessOrEqual(t, rows, 50, list)
			assert.Less(t, len(page.text), 120_000, list)
		}
		assert.GreaterOrEqual(t, len(seen), 130, list)
		assert.Equal(t, 3, pages, list)
	}
	assert.Equal(t, http.StatusUnprocessableEntity, w.get(olga, "/applications?cursor=***").Code)
}

// Whoever can make somebody follow a link must not choose what they read.
func TestOnlyKnownNoticesAreShown(t *testing.T) {
	w := newWorld(t)
	assert.NotContains(t, w.page(olga, "/?done=Your+account+is+closed").text, "account")
	assert.NotContains(t, w.page(olga, "/?done=Your+account+is+closed").text, `class="notice`)
	for _, code := range console.Notices() {
		assert.Contains(t, w.page(olga, "/?done="+code).text, `role="status"`, code)
	}
}

func TestWhoIsNotLetInIsToldWhy(t *testing.T) {
	w := newWorld(t)
	answer := httptest.NewRecorder()
	w.console.Refuse(answer, console.Refusal{Status: http.StatusForbidden, Title: "No role", Text: "Ask <the operator>."})
	assert.Equal(t, http.StatusForbidden, answer.Code)
	assert.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'")
	page := read(t, "refused", answer.Body.String())
	page.checkPolicy(t)
	assert.Contains(t, page.text, "Ask &lt;the operator&gt;.")
	assert.Empty(t, page.all("nav"))
}

func TestTheFirstPageTeachesTheWay(t *testing.T) {
	w := newWorld(t)
	page := w.page(olga, "/")
	assert.Contains(t, page.text, "From nothing to the first call")
	assert.Contains(t, page.text, `href="/applications/new"`)
	for _, empty := range []string{"/programmers", "/channels", "/applications", "/statements", "/clients", "/proxy-mvpds", "/kills", "/changes", "/audit"} {
		assert.Contains(t, w.page(olga, empty).text, `class="empty`, empty)
	}
}

func TestAStoreThatIsAwayIsNobodysFault(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	w.away.Store(true)
	answer := w.get(olga, "/applications/"+x.app.ID.String())
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.Equal(t, "1", answer.Header().Get("Retry-After"))
	assert.NotContains(t, answer.Body.String(), "192.0.2.1:6379", "the cause is for the log")
}

func TestNoPageLoadsAnythingFromElsewhere(t *testing.T) {
	w := newWorld(t)
	for path, status := range map[string]int{"/": 200, "/nothing": 404, "/programmers": 200} {
		answer := w.get(olga, path)
		assert.Equal(t, status, answer.Code)
		policy := answer.Header().Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'")
		assert.Contains(t, policy, "frame-ancestors 'none'")
		assert.NotContains(t, policy, "unsafe")
		assert.NotContains(t, policy, "http")
		assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	}
	assert.Equal(t, http.StatusMethodNotAllowed, w.post(olga, "/routes", nil).Code)
}
