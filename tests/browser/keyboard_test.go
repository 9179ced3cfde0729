package browser

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
)

func TestAnApplicationIsCreatedAndStoppedByTheKeyboardAlone(t *testing.T) {
	h := openHouse(t)
	prepare(t, h)
	p := h.enter(t, "paula", tab.Options{})
	enter := func(role, name string) {
		t.Helper()
		p.Reach(role, name)
		p.Press(kb.Enter)
	}
	t.Log("skips what is the same on every page")
	enter("link", "Skip to the content")
	assert.Equal(t, "main", tab.Eval[string](p, "document.activeElement.id"))

	enter("link", "Applications")
	p.Sees("From nothing to the first call")
	enter("link", "Create the first application")
	p.Reach("textbox", "Name")
	p.Press("Demo TV")
	p.Reach("checkbox", channel)
	p.Press(" ")

	t.Log("is led to what is wrong")
	p.Forgive("status of 422")
	enter("button", "Create now")
	p.Sees("One thing is not right")
	assert.Equal(t, "errors", tab.Eval[string](p, "document.activeElement.id"))
	p.Accessible()

	p.Reach("checkbox", "api:client:v2")
	p.Press(" ")
	enter("button", "Add to the change set")
	p.Sees("Nothing has changed yet")
	enter("button", "Push 1 change")
	p.Sees("All of it took effect at once")
	enter("link", "Applications")
	p.Sees("Filter")
	enter("link", "Demo TV")
	p.Sees("No statement yet")
	enter("link", "Revoke")
	p.Sees("What stops")
	enter("button", "Revoke now")
	p.Sees("Every gateway that reports refuses it now")
	assert.Contains(t, h.MustDCR("kills", "list"), "application")
}
