package tab

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// recorder is a test that takes down its faults instead of failing.
type recorder struct {
	testing.TB
	faults []string
	later  []func()
}

func (r *recorder) Errorf(format string, arguments ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, arguments...))
}

func (r *recorder) Cleanup(f func()) { r.later = append(r.later, f) }

// serve serves one page, with a policy that lets it load from its own server.
func serve(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if user, password, _ := r.BasicAuth(); strings.Contains(body, "secret") && (user != "ann" || password != "right") {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'; script-src 'self' 'nonce-x'; img-src * data:")
		fmt.Fprint(w, `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"></head><body><main><h1>A page</h1>`+body+`</main></body></html>`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestATestFailsForWhatNobodyShouldMeet(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"an error on the console":       {`<script nonce="x">console.error('broken', 1)</script>`, `on the console: "broken" 1`},
		"an exception":                  {`<script nonce="x">nobody()</script>`, "nobody is not defined"},
		"what the policy forbids":       {`<script>1</script>`, "Content Security Policy"},
		"a handler in an attribute":     {`<button onclick="1">Go</button>`, "Content Security Policy"},
		"a request to a stranger":       {`<img alt="" src="https://stranger.example/x.png">`, "a request to a stranger: GET https://stranger.example/x.png"},
		"a file that is not there":      {`<img alt="" src="/gone.png">`, "404"},
		"a picture without words":       {`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`, "image-alt (critical)"},
		"grey on grey":                  {`<p style="color:#999;background:#aaa">What?</p>`, "color-contrast (serious)"},
		"what is wider than the screen": {`<div style="width:400px">wide</div>`, "the page is 408 px wide on a screen of 390"},
		"what spills out of its box":    {`<div style="width:60px;white-space:nowrap">far too long for that</div>`, "something spills out of its box, which is <div"},
		"a focus that cannot be seen":   {`<button style="outline:none">Go</button>`, "the focus cannot be seen at <button"},
		"nothing":                       {`<button>Go</button>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			p := Open(r, Options{Phone: strings.Contains(c.want, "screen"), Dark: strings.Contains(c.want, "contrast")})
			p.Visit(serve(t, c.body))
			p.Accessible()
			p.Fits()
			if p.Has("button", "Go") {
				p.Reach("button", "Go")
			}
			for _, f := range r.later {
				f()
			}
			faults := strings.Join(r.faults, "\n")
			if c.want == "" {
				assert.Empty(t, faults)
				return
			}
			assert.Contains(t, faults, c.want)
		})
	}
}

func TestWhatIsForgivenMustCome(t *testing.T) {
	for text, want := range map[string]string{
		"broken": "",
		"other":  `the browser did not meet "other", which was to come`,
	} {
		r := &recorder{TB: t}
		p := Open(r, Options{})
		p.Forgive(text)
		p.Visit(serve(t, `<script nonce="x">console.error('broken')</script>`))
		for _, f := range r.later {
			f()
		}
		assert.Contains(t, strings.Join(r.faults, "\n"), want)
		if want == "" {
			assert.Empty(t, r.faults)
		}
	}
}

func TestAPersonReadsFillsInAndClicks(t *testing.T) {
	p := Open(t, Options{Dark: true})
	p.Visit(serve(t, `
<form id="form"><label>Name <input id="name" value="old"></label><label for="kind">Kind</label>
<select id="kind"><option>one<option>two</select><button>Save</button></form><p id="out">nothing</p>
<script nonce="x">
const told = () => document.getElementById('name').value + ' ' + document.getElementById('kind').value + ' ' + matchMedia('(prefers-color-scheme: dark)').matches;
document.getElementById('form').addEventListener('submit', event => { event.preventDefault(); document.getElementById('out').textContent = told(); });
</script>`))
	p.Sees("nothing")
	p.Fill("textbox", "Name", "new name")
	p.Choose("Kind", "two")
	p.Click("button", "Save")
	p.Sees("new name two true")
	p.Fill("textbox", "Name", "x")
	p.Reach("button", "Save")
	p.Press("\r")
	p.Sees("x two true")
	p.Picture("", "nobody's")
}

func TestThePasswordIsTypedWhenItIsAskedFor(t *testing.T) {
	address := serve(t, "a secret")
	p := Open(t, Options{User: "ann", Password: "right"})
	p.Visit(address)
	p.Sees("a secret")

	stranger := Open(t, Options{User: "ann", Password: "wrong"})
	stranger.Forgive("the server responded with a status of 401")
	stranger.Visit(address)
	stranger.Sees("who are you?")
	require.False(t, stranger.Has("heading", "A page"))
}
