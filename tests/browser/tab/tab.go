package tab

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Options are how the person sits before the tab. The zero value is a desktop
// in the light whose person knows no password.
type Options struct {
	// Phone is a narrow screen that is touched.
	Phone bool
	// Dark is a preference for dark pages.
	Dark bool
	// User and Password are what the person types when the browser asks.
	User, Password string
}

// The screens.
const (
	desktopWidth, desktopHeight = 1280, 800
	phoneWidth, phoneHeight     = 390, 844
)

// Tab is one tab with cookies of its own.
type Tab struct {
	tb      testing.TB
	ctx     context.Context
	options Options

	mutex    sync.Mutex
	asked    []Request
	troubles []string
	forgiven map[string]bool          // what is forgiven, and whether it came
	may      map[string]bool          // the origins that pages may ask
	answered map[fetch.RequestID]bool // the questions for a password that were answered
}

// Open opens a tab, and closes it when the test ends. The test fails if it met
// anything by then that is not forgiven.
func Open(tb testing.TB, o Options) *Tab {
	tb.Helper()
	p := chromium()
	if p.err != nil {
		tb.Fatal(p.err)
	}
	t := &Tab{tb: tb, options: o, forgiven: map[string]bool{}, may: map[string]bool{}, answered: map[fetch.RequestID]bool{}}
	var end func()
	t.ctx, end = chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.watch))
	tb.Cleanup(func() {
		t.judge()
		end()
	})
	// The first use makes the tab, which lives as long as the context of that
	// use: it must be none with a deadline.
	if err := chromedp.Do(t.ctx, t.screen()); err != nil {
		tb.Fatalf("opening a tab: %v", err)
	}
	do(t, "listening to complaints", audits.Enable, cdp.Empty{})
	do(t, "preferring colours", emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: t.taste()})
	if o.User != "" {
		do(t, "waiting for questions", fetch.Enable, fetch.EnableParams{HandleAuthRequests: new(true)})
	}
	return t
}

func (t *Tab) screen() chromedp.Action[chromedp.Void] {
	if t.options.Phone {
		return chromedp.EmulateViewport(phoneWidth, phoneHeight, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	return chromedp.EmulateViewport(desktopWidth, desktopHeight)
}

// taste holds animations still besides, as pictures want it.
func (t *Tab) taste() []*emulation.MediaFeature {
	scheme := "light"
	if t.options.Dark {
		scheme = "dark"
	}
	return []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}
}

// Visit goes to the address, as by typing it in; its origin may be asked for
// what the page needs.
func (t *Tab) Visit(address string) {
	t.tb.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.tb.Fatal(err)
	}
	t.MayAsk(u.Scheme + "://" + u.Host)
	if _, err := run(t, chromedp.Navigate(address)); err != nil {
		t.tb.Fatalf("visiting %s: %v", address, err)
	}
}

// Holds gives the browser a cookie of the origin's, which goes along to it
// from pages of others too.
func (t *Tab) Holds(origin, name, value string) {
	t.tb.Helper()
	do(t, "holding a cookie", network.SetCookie, network.SetCookieParams{
		URL: origin + "/", Name: name, Value: value, Secure: new(true), HTTPOnly: new(true), SameSite: network.CookieSameSiteNone,
	})
}

// Eval runs the script in the page, waits for what it promises, and answers
// that.
func Eval[T any](t *Tab, script string) T {
	t.tb.Helper()
	value, err := run(t, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.tb.Fatalf("running %s: %v", firstLine(script), err)
	}
	return value
}

// Sees waits until the page shows the text.
func (t *Tab) Sees(text string) {
	t.tb.Helper()
	t.Until("to see "+text, "document.body.innerText.includes("+quote(text)+")")
}

// Until waits until the condition holds, over any number of pages.
func (t *Tab) Until(what, condition string) {
	t.tb.Helper()
	t.eventually(what, func() bool {
		// A page that goes away while it is asked is no answer yet.
		holds, err := run(t, chromedp.Evaluate[bool]("!!("+condition+")", chromedp.EvalAwaitPromise))
		return err == nil && holds
	})
}

// run bounds an action by the patience.
func run[T any](t *Tab, action chromedp.Action[T]) (T, error) {
	ctx, done := context.WithTimeout(t.ctx, patience)
	defer done()
	return chromedp.Run(ctx, action)
}

// do sends the browser a command that it must obey.
func do[P, R any](t *Tab, what string, command cdp.Command[P, R], parameters P) R {
	t.tb.Helper()
	ctx, done := context.WithTimeout(t.ctx, patience)
	defer done()
	result, err := chromedp.Call(ctx, command, parameters)
	if err != nil {
		t.tb.Fatalf("%s: %v", what, err)
	}
	return result
}

// quote writes a text for a script.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // which a string cannot fail
	return string(quoted)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
