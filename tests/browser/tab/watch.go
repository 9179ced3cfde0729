package tab

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Request is what a page, or the browser for it, has asked somebody.
type Request struct {
	Method, URL string
	// Kind is the browser's word for it, such as Document, Fetch or Image.
	Kind string
}

// MayAsk lets pages ask an origin. That of a page that was visited is among
// them already; another is trouble.
func (t *Tab) MayAsk(origins ...string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, origin := range origins {
		t.may[origin] = true
	}
}

// Forgive takes trouble that contains the text for granted. The test fails
// when it does not come, too.
func (t *Tab) Forgive(text string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.forgiven[text] = false
}

// Asked answers the requests whose address contains the text, oldest first.
func (t *Tab) Asked(text string) []Request {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return slices.DeleteFunc(slices.Clone(t.asked), func(r Request) bool { return !strings.Contains(r.URL, text) })
}

// judge fails the test for trouble that was not forgiven.
func (t *Tab) judge() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, trouble := range t.troubles {
		if !t.forgives(trouble) {
			t.tb.Errorf("the browser met: %s", trouble)
		}
	}
	for text, came := range t.forgiven {
		if !came {
			t.tb.Errorf("the browser did not meet %q, which was to come", text)
		}
	}
}

func (t *Tab) forgives(trouble string) bool {
	found := false
	for text := range t.forgiven {
		if strings.Contains(trouble, text) {
			t.forgiven[text], found = true, true
		}
	}
	return found
}

func (t *Tab) meet(format string, arguments ...any) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.troubles = append(t.troubles, fmt.Sprintf(format, arguments...))
}

// watch is called with everything that happens in the tab, in order. It must
// not ask the browser anything before it returns.
func (t *Tab) watch(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.note(Request{Method: e.Request.Method, URL: e.Request.URL, Kind: string(e.Type)})
	case *runtime.EventExceptionThrown:
		t.meet("an exception: %v", &chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			t.meet("on the console: %s", words(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			t.meet("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeGenericIssue {
			return // advice about autofill and the like
		}
		details, _ := json.Marshal(e.Issue.Details)
		t.meet("%s: %s", e.Issue.Code, details)
	case *fetch.EventRequestPaused:
		later(t, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
	case *fetch.EventAuthRequired:
		later(t, fetch.ContinueWithAuth, fetch.ContinueWithAuthParams{RequestID: e.RequestID, AuthChallengeResponse: t.answer(e)})
	}
}

// note takes down a request, which is trouble where it goes to a stranger.
func (t *Tab) note(r Request) {
	u, err := url.Parse(r.URL)
	t.mutex.Lock()
	t.asked = append(t.asked, r)
	known := err == nil && (u.Host == "" || t.may[u.Scheme+"://"+u.Host]) // data: and blob: ask nobody
	t.mutex.Unlock()
	if !known {
		t.meet("a request to a stranger: %s %s", r.Method, r.URL)
	}
}

// answer types the password once; who is asked again for the same gives up,
// which shows the page behind the question.
func (t *Tab) answer(e *fetch.EventAuthRequired) *fetch.AuthChallengeResponse {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if !t.answered[e.RequestID] {
		t.answered[e.RequestID] = true
		return &fetch.AuthChallengeResponse{
			Response: fetch.AuthChallengeResponseResponseProvideCredentials,
			Username: t.options.User, Password: t.options.Password,
		}
	}
	return &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
}

// later tells the browser something without waiting for it here.
func later[P, R any](t *Tab, command cdp.Command[P, R], parameters P) {
	go func() {
		// A tab that has closed wants no answer any more.
		_, _ = chromedp.Call(t.ctx, command, parameters)
	}()
}

func words(values []*runtime.RemoteObject) string {
	var texts []string
	for _, value := range values {
		text := value.Description
		if len(value.Value) > 0 {
			text = string(value.Value)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, " ")
}
