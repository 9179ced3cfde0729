package tab

import (
	_ "embed"
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
// those of WCAG and what is good practice. In the dark these are the ones about
// colours, and on a phone the others: the colours are those of the light, and
// everything else is in the dark what it is in the light.
func (t *Tab) Accessible() {
	t.tb.Helper()
	rules := ""
	switch {
	case t.options.Dark:
		rules = `runOnly: ['color-contrast', 'link-in-text-block'],`
	case t.options.Phone:
		rules = `rules: {'color-contrast': {enabled: false}},`
	}
	faults := Eval[[]fault](t, axe+`;
axe.run(document, {`+rules+` resultTypes: ['violations']}).then(found => found.violations.map(
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
// to scroll to the side, and when something spills out of its box.
func (t *Tab) Fits() {
	t.tb.Helper()
	width := desktopWidth
	if t.options.Phone {
		width = phoneWidth
	}
	if got := Eval[int](t, "document.scrollingElement.scrollWidth"); got > width {
		t.tb.Errorf("at %s: the page is %d px wide on a screen of %d", Eval[string](t, "location.pathname"), got, width)
	}
	for _, box := range Eval[[]string](t, spilt) {
		t.tb.Errorf("at %s: something spills out of its box, which is %s", Eval[string](t, "location.pathname"), box)
	}
}

// spilt answers the innermost boxes that are narrower than what is in them.
const spilt = `(() => {
	const spills = e => {
		const style = getComputedStyle(e);
		return style.overflowX === 'visible' && style.display !== 'inline' && style.position !== 'absolute' &&
			e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1;
	};
	const hidden = e => e !== null && (getComputedStyle(e).clipPath !== 'none' || hidden(e.parentElement)); // for screen readers alone
	return [...document.querySelectorAll('main *')].filter(e => spills(e) && !hidden(e)).filter(e => ![...e.children].some(spills)).map(e => e.outerHTML.slice(0, 200));
})()`

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}
