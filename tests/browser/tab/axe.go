package tab

import (
	_ "embed"
	"strconv"
	"strings"
)

// axe is axe-core as it is released, under the Mozilla Public License 2.0.
//
//go:embed testdata/axe/axe.min.js
var axe string

// fault is what axe found.
type fault struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// Accessible fails the test for every rule of axe-core that the page breaks:
// those of WCAG and what is good practice.
func (t *Tab) Accessible() {
	t.tb.Helper()
	faults := Eval[[]fault](t, axe+`;
axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
	({id, impact, help, nodes}) => ({id, impact, help, nodes: nodes.map(({html, failureSummary}) => ({html, failureSummary}))})))`)
	for _, f := range faults {
		var where strings.Builder
		for _, node := range f.Nodes {
			where.WriteString("\n\t" + cut(node.HTML, 200) + "\n\t\t" + strings.ReplaceAll(node.FailureSummary, "\n", "\n\t\t"))
		}
		t.tb.Errorf("at %s: %s (%s): %s%s", Eval[string](t, "location.pathname"), f.ID, f.Impact, f.Help, where.String())
	}
}

// Fits fails the test when the page is wider than the screen, so that one has
// to scroll to the side.
func (t *Tab) Fits() {
	t.tb.Helper()
	width, wide := int(desktopWidth), ""
	if t.options.Phone {
		width = phoneWidth
	}
	if got := Eval[int](t, "document.scrollingElement.scrollWidth"); got > width {
		wide = Eval[string](t, `[...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > `+
			strconv.Itoa(width)+` + 1).map(e => e.outerHTML.slice(0, 120)).slice(0, 5).join('\n\t')`)
		t.tb.Errorf("at %s: the page is %d px wide on a screen of %d; too wide are\n\t%s", Eval[string](t, "location.pathname"), got, width, wide)
	}
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}
