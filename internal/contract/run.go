// Package contract checks from outside, as a client, whether a running gateway
// keeps the contract of its client endpoints.
package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// at is an address on the issuer's host.
func (r *run) at(path string) string {
	return r.o.Issuer.Scheme + "://" + r.o.Issuer.Host + path
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
