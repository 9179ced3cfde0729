package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   map[string]any // nil where it is no JSON object
	text   string
}

const (
	bodyLimit = 1 << 20
	// patience is how often a request is made again that the gateway throttles,
	// and longestWait how long it may say to wait.
	patience    = 8
	longestWait = 15 * time.Second
)

// ask sends a request, and again when it was throttled: a run of checks is more
// than a device asks in a second.
func (r *run) ask(method, target, contentType, body string, headers ...string) (*answer, error) {
	for range patience {
		a, err := r.once(method, target, contentType, body, headers)
		if err != nil || a.status != http.StatusTooManyRequests {
			return a, err
		}
		seconds, _ := strconv.Atoi(a.header.Get("Retry-After")) // zero where it says nothing
		wait := time.Duration(seconds) * time.Second
		if wait > longestWait {
			return a, nil
		}
		select {
		case <-time.After(max(wait, time.Second)):
		case <-r.ctx.Done():
			return nil, r.ctx.Err()
		}
	}
	return nil, errors.New("throttled again and again")
}

func (r *run) once(method, target, contentType, body string, headers []string) (*answer, error) {
	request, err := http.NewRequestWithContext(r.ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	request.Header.Set("User-Agent", "caddy-dcr-conformance")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := r.o.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	a := &answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if json.Unmarshal(text, &a.body) != nil {
		a.body = nil
	}
	return a, nil
}

func (r *run) register(body string, headers ...string) (*answer, error) {
	a, err := r.ask(http.MethodPost, r.at("/o/client/register"), jsonType, body, headers...)
	if err == nil && a.status == http.StatusCreated {
		r.registered = append(r.registered, a.string("client_id"))
	}
	return a, err
}

func (r *run) form(target string, values url.Values, headers ...string) (*answer, error) {
	return r.ask(http.MethodPost, target, formType, values.Encode(), headers...)
}

func (a *answer) string(member string) string {
	text, _ := a.body[member].(string)
	return text
}

// is demands the status.
func (a *answer) is(status int) error {
	if a.status != status {
		return fmt.Errorf("got %d %s, want %d", a.status, shown(a.text), status)
	}
	return nil
}

// refuses demands an error of the code.
func (a *answer) refuses(status int, code string) error {
	if a.status != status || a.string("error") != code {
		return fmt.Errorf("got %d %s, want %d with the error %s", a.status, shown(a.text), status, code)
	}
	return nil
}

// uncached demands that nobody keeps the answer.
func (a *answer) uncached() error {
	if got := a.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		return fmt.Errorf("the header Cache-Control is %q, want no-store", got)
	}
	if got := a.header.Get("Pragma"); got != "no-cache" {
		return fmt.Errorf("the header Pragma is %q, want no-cache", got)
	}
	return a.json()
}

func (a *answer) json() error {
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	// A set of keys has a type of its own (RFC 7517 section 8.5.2).
	if err != nil || kind != jsonType && !strings.HasSuffix(kind, "+json") || a.body == nil {
		return fmt.Errorf("want a JSON object, got %q: %s", a.header.Get("Content-Type"), shown(a.text))
	}
	return nil
}

func shown(text string) string {
	if len(text) > 120 {
		text = text[:120] + "…"
	}
	return fmt.Sprintf("%q", text)
}
