package console_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// Every page, asked for by everybody: o is an operator, p the admin of REF, c
// the admin of REF30, r a reader of everything, f the admin of FOX, n somebody
// without a role. A page that names a thing of somebody else's is, to the
// letter, one of a thing that there is not.
func TestEveryPageForEveryRole(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	app, one, fox := x.app.ID.String(), x.appOfChannel.ID.String(), x.appOfFox.ID.String()
	people := []access.Actor{olga, paul, carla, rita, rolf, fay, none}
	for _, row := range []struct {
		path string
		want [7]int
	}{
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
		{"/nothing/here", [7]int{404, 404, 404, 404, 404, 404, 403}},
	} {
		for i, a := range people {
			assert.Equal(t, row.want[i], w.get(a, row.path).Code, "%s asks for %s", a.Name, row.path)
		}
	}
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
