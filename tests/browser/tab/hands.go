package tab

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// Things on a page go by what a screen reader calls them: a role, such as
// link, button, textbox, combobox, checkbox or heading, and a name. The name
// may be the beginning of the whole one, if no other thing has it as a whole.

// Click brings a thing into view and clicks it with the mouse.
func (t *Tab) Click(role, name string) {
	t.tb.Helper()
	node := t.find(role, name)
	x, y := t.centre(role, name, node)
	if _, err := run(t, chromedp.MouseClickXY(x, y)); err != nil {
		t.tb.Fatalf("clicking the %s %q: %v", role, name, err)
	}
}

// Fill puts a text into a field in the place of what is in it.
func (t *Tab) Fill(role, name, text string) {
	t.tb.Helper()
	node := t.find(role, name)
	do(t, "going to a field", dom.Focus, dom.FocusParams{BackendNodeID: node})
	call[any](t, node, "function() { this.select(); }")
	do(t, "typing", input.InsertText, input.InsertTextParams{Text: text})
}

// Choose takes the option of a list that shows the text.
func (t *Tab) Choose(name, text string) {
	t.tb.Helper()
	found := call[bool](t, t.find("combobox", name), `function() {
		const option = [...this.options].find(option => option.label.trim().startsWith(`+quote(text)+`));
		if (!option) return false;
		option.selected = true;
		this.dispatchEvent(new Event('input', {bubbles: true}));
		this.dispatchEvent(new Event('change', {bubbles: true}));
		return true;
	}`)
	if !found {
		t.tb.Fatalf("the list %q has no option %q", name, text)
	}
}

// Has says whether the thing is there now.
func (t *Tab) Has(role, name string) bool {
	t.tb.Helper()
	node, _ := t.look(role, name)
	return node != 0
}

// Press presses keys, each a rune of kb's.
func (t *Tab) Press(keys string) {
	t.tb.Helper()
	if _, err := run(t, chromedp.KeyEvent(keys)); err != nil {
		t.tb.Fatalf("pressing keys: %v", err)
	}
}

// far is more things than any page has to step over.
const far = 150

// Reach presses the tabulator until the thing has the focus. Whatever has it on
// the way must show that.
func (t *Tab) Reach(role, name string) {
	t.tb.Helper()
	want := t.find(role, name)
	for range far {
		t.Press(kb.Tab)
		if hidden := Eval[string](t, unseenFocus); hidden != "" {
			t.tb.Errorf("the focus cannot be seen at %s", hidden)
		}
		if t.focus() == want {
			return
		}
	}
	t.tb.Fatalf("the keyboard does not reach the %s %q in %d steps", role, name, far)
}

// unseenFocus answers what has the focus and does not show it.
const unseenFocus = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return '';
	const style = getComputedStyle(e), box = e.getBoundingClientRect();
	const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none';
	const there = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
	return ring && there ? '' : e.outerHTML.slice(0, 200);
})()`

// focus is the element that has it; zero is none.
func (t *Tab) focus() cdp.BackendNodeID {
	t.tb.Helper()
	active := do(t, "looking for the focus", runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
	if active.Result == nil || active.Result.ObjectID == "" {
		return 0
	}
	return do(t, "looking at the focus", dom.DescribeNode, dom.DescribeNodeParams{ObjectID: active.Result.ObjectID}).Node.BackendNodeID
}

// find waits for the thing.
func (t *Tab) find(role, name string) cdp.BackendNodeID {
	t.tb.Helper()
	var node cdp.BackendNodeID
	var others []string
	defer func() {
		if node == 0 {
			t.tb.Logf("of the role %s there are %q", role, others)
		}
	}()
	t.eventually(fmt.Sprintf("for the %s %q", role, name), func() bool {
		node, others = t.look(role, name)
		return node != 0
	})
	return node
}

// look answers the thing, if it is there, and the names of all that have the
// role.
func (t *Tab) look(role, name string) (cdp.BackendNodeID, []string) {
	tree, err := chromedp.Call(t.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return 0, nil // the page is going away
	}
	var begins cdp.BackendNodeID
	var names []string
	for _, node := range tree.Nodes {
		if node.Ignored || node.BackendDOMNodeID == 0 || said(node.Role) != role {
			continue
		}
		called := said(node.Name)
		if called == name {
			return node.BackendDOMNodeID, nil
		}
		if begins == 0 && name != "" && strings.HasPrefix(called, name) {
			begins = node.BackendDOMNodeID
		}
		names = append(names, called)
	}
	return begins, slices.Compact(names)
}

func said(value *accessibility.Value) string {
	var text string
	if value != nil {
		_ = json.Unmarshal(value.Value, &text) // what is no text has no name
	}
	return strings.Join(strings.Fields(text), " ")
}

// centre brings the thing into view and says where to click it: there, and not
// on something that lies over it.
func (t *Tab) centre(role, name string, node cdp.BackendNodeID) (x, y float64) {
	t.tb.Helper()
	do(t, "scrolling", dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: node})
	box := call[struct {
		X, Y    float64
		Covered string
	}](t, node, `function() {
		const box = this.getClientRects()[0], x = box.left + box.width / 2, y = box.top + box.height / 2;
		const top = document.elementFromPoint(x, y);
		const hit = top && (this.contains(top) || top.contains(this) || [...this.labels ?? []].some(label => label.contains(top)));
		return {x, y, covered: hit ? '' : top ? top.outerHTML.slice(0, 200) : 'nothing'};
	}`)
	if box.Covered != "" {
		t.tb.Fatalf("the %s %q cannot be clicked: at its place is %s", role, name, box.Covered)
	}
	return box.X, box.Y
}

// call calls the function with the element as its `this`.
func call[T any](t *Tab, node cdp.BackendNodeID, function string) T {
	t.tb.Helper()
	object := do(t, "pointing at an element", dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node}).Object.ObjectID
	result := do(t, "asking an element", runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: function, ObjectID: object, ReturnByValue: new(true),
	})
	if result.ExceptionDetails != nil {
		t.tb.Fatalf("asking an element: %v", &chromedp.ExceptionError{ExceptionDetails: result.ExceptionDetails})
	}
	var value T
	if len(result.Result.Value) > 0 {
		if err := json.Unmarshal(result.Result.Value, &value); err != nil {
			t.tb.Fatalf("asking an element: %v in %s", err, result.Result.Value)
		}
	}
	return value
}

// eventually polls, and shows the page when it was in vain.
func (t *Tab) eventually(what string, holds func() bool) {
	t.tb.Helper()
	met := false
	defer func() {
		if !met {
			t.tb.Logf("the page is %s", Eval[string](t, "location.pathname + '\\n' + document.body.innerText.slice(0, 2000)"))
		}
	}()
	harness.Eventually(t.tb, what, holds)
	met = true
}
