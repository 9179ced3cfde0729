package browser

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const v2Call = "/api/v2/" + channel + "/configuration"

func TestAProgrammerLooksAfterAnApplicationFromItsBeginningToItsEnd(t *testing.T) {
	h := openHouse(t)
	prepare(t, h)
	p := h.enter(t, "paula", tab.Options{})
	t.Log("says where the channel is at home, in a change set")
	p.Click("link", "Channels")
	p.Click("link", "Reference 30")
	p.Click("link", "Change")
	p.Fill("textbox", "Domains", "demo.test")
	p.Click("button", "Add to the change set")
	p.Sees("Nothing has changed yet")

	t.Log("and an application, in the same one")
	p.Click("link", "Applications")
	p.Click("link", "Create the first application")
	p.Fill("textbox", "Name", "Demo TV")
	p.Fill("textbox", "Version", "1.0")
	p.Click("checkbox", channel)
	p.Click("checkbox", "api:client:v2")
	p.Click("button", "Add to the change set")

	t.Log("reviews and pushes it")
	p.Sees("Nothing has changed yet")
	p.Sees("Demo TV")
	assert.NotContains(t, h.MustDCR("app", "list"), "Demo TV", "a draft changes nothing")
	p.Click("button", "Push 2 changes")
	p.Sees("All of it took effect at once")

	t.Log("downloads the statement")
	p.Click("link", "Applications")
	p.Click("link", "Demo TV")
	p.Sees("No statement yet")
	statement := p.Download(func() { p.Click("button", "Download statement") })

	t.Log("and the app registers with it, and calls")
	client := h.Register(statement)
	token := h.Token(client)
	require.Equal(t, http.StatusOK, h.Do(http.MethodGet, v2Call, "", token.Bearer()).Status)

	t.Log("revokes it, knowing what stops")
	harness.Eventually(t, "for the census", func() bool { return strings.Contains(h.MustDCR("client", "census"), "Demo TV") })
	p.Visit(tab.Eval[string](p, "location.href"))
	p.Click("link", "Revoke")
	p.Sees("1 live client stops")
	p.Fill("textbox", "Reason", "the source code leaked")
	p.Click("button", "Revoke now")
	p.Sees("Every gateway that reports refuses it now")

	t.Log("and the app is refused")
	refused := h.Do(http.MethodGet, v2Call, "", token.Bearer())
	require.Equal(t, http.StatusUnauthorized, refused.Status, refused.Body)
	trace := refused.Header.Get("X-DCR-Trace")

	t.Log("sees why")
	p.Click("link", "Why was I refused?")
	p.Fill("textbox", "Trace, token or software statement", trace)
	p.Click("button", "Say why")
	p.Sees("application_revoked")

	t.Log("and finds all of it in the audit")
	p.Click("link", "Audit")
	p.Sees("To what")
	for _, act := range []string{"Create application", "Issue statement", "Revoke application"} {
		p.Sees(act)
	}
	p.Click("link", "Revoke application")
	p.Sees("the source code leaked")
	p.Sees("paula")
}

// prepare is the operator's part: a programmer, and a channel of it.
func prepare(t *testing.T, h *house) {
	t.Helper()
	p := h.enter(t, "olga", tab.Options{})
	p.Click("link", "Programmers")
	p.Click("link", "New programmer")
	p.Fill("textbox", "Id", "REF")
	p.Fill("textbox", "Name", "Reference Media")
	p.Click("button", "Create now")
	p.Sees("Created.")
	p.Click("link", "Channels")
	p.Click("link", "New channel")
	p.Fill("textbox", "Id", channel)
	p.Choose("Programmer", "REF")
	p.Fill("textbox", "Name", "Reference 30")
	p.Click("button", "Create now")
	p.Sees("Created.")
}
