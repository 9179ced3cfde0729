// Package contract checks from outside, as a client, whether a running gateway
// keeps the contract of its client endpoints.
package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say whom to check and with what.
type Options struct {
	// Issuer is the gateway's URL, as its clients know it.
	Issuer *url.URL
	// Statement is the software statement to register with.
	Statement string
	// Profiles are those to check.
	Profiles []Profile
	Client   *http.Client
}

// Profile is one way in which the gateway speaks to clients. The set is closed.
type Profile string

const (
	// Adobe is what clients of the Adobe API know.
	Adobe Profile = "adobe"
	// Standards is what the RFCs say.
	Standards Profile = "standards"
)

// Profiles lists the closed set.
var Profiles = []Profile{Adobe, Standards}

// Result is what came of one check.
type Result struct {
	// Section is where it is written what the check asks for.
	Section string `json:"section"`
	Check   string `json:"check"`
	Passed  bool   `json:"passed"`
	// Why says what was found instead.
	Why string `json:"why,omitempty"`
}

// Report is what all checks found.
type Report struct {
	Issuer string   `json:"issuer"`
	Passed int      `json:"passed"`
	Failed int      `json:"failed"`
	Checks []Result `json:"checks"`
	// Clients are those that were registered and are still there: the
	// Adobe-compatible profile has no way to end a registration.
	Clients []string `json:"clients"`
}

// check is one thing that is asked for.
type check struct {
	section, name string
	run           func(*run) error
}

// errSkipped is of a check that needs what an earlier one did not get.
var errSkipped = errors.New("it needs what an earlier check did not get")

// Check makes all checks, one after the other.
func Check(ctx context.Context, o Options) Report {
	r := &run{ctx: ctx, o: o}
	report := Report{Issuer: o.Issuer.String(), Checks: []Result{}, Clients: []string{}}
	var checks []check
	if slices.Contains(o.Profiles, Adobe) {
		checks = append(checks, adobe...)
	}
	if slices.Contains(o.Profiles, Standards) {
		checks = append(checks, standards...)
	}
	for _, c := range checks {
		result := Result{Section: c.section, Check: c.name, Passed: true}
		if err := c.run(r); err != nil {
			result.Passed, result.Why = false, err.Error()
			report.Failed++
		} else {
			report.Passed++
		}
		report.Checks = append(report.Checks, result)
	}
	report.Clients = append(report.Clients, r.registered...)
	return report
}

// run is what the checks have found so far.
type run struct {
	ctx context.Context
	o   Options

	client   credentials // by the Adobe-compatible profile
	token    string
	metadata map[string]any
	keys     []map[string]any
	own      credentials // by the standards profile
	ownToken string
	manage   struct{ uri, token string }

	registered []string
}

type credentials struct{ id, secret string }

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

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// at is an address on the issuer's host.
func (r *run) at(path string) string {
	return r.o.Issuer.Scheme + "://" + r.o.Issuer.Host + path
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

// first is the first error of several demands.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func want(holds bool, format string, values ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, values...)
}
