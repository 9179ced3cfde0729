// Package doctor says what is wrong with how a gateway is set up, and what to
// do about it.
//
// It is given facts and judges them; who gathers them stands elsewhere.
package doctor

import (
	"slices"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Check names one thing that is looked at. The set is closed: operators ignore
// checks by name, and docs/doctor.md explains each.
type Check string

const (
	Configuration  Check = "configuration"
	Issuer         Check = "issuer"
	AdminEndpoint  Check = "admin_endpoint"
	ClearText      Check = "clear_text"
	Exposure       Check = "exposure"
	Console        Check = "console"
	Files          Check = "files"
	Logs           Check = "logs"
	TrustedProxies Check = "trusted_proxies"
	Clock          Check = "clock"
	State          Check = "state"
	Gateways       Check = "gateways"

	Store            Check = "store"
	StoreVersion     Check = "store_version"
	StorePersistence Check = "store_persistence"
	StoreEviction    Check = "store_eviction"
	StoreRights      Check = "store_rights"
	StoreMemory      Check = "store_memory"
	StoreTransport   Check = "store_transport"

	Keys       Check = "keys"
	KeysSealed Check = "keys_sealed"
	KeyAge     Check = "key_age"
	Statements Check = "statements"
	Routes     Check = "routes"
	Bypass     Check = "bypass"
	Upstreams  Check = "upstreams"
	TLS        Check = "tls"
)

// Checks lists every check, in the order in which they are shown.
var Checks = []Check{
	Configuration, Issuer, AdminEndpoint, ClearText, Exposure, Console, Files, Logs, TrustedProxies, Clock, State, Gateways,
	Store, StoreVersion, StorePersistence, StoreEviction, StoreRights, StoreMemory, StoreTransport,
	Keys, KeysSealed, KeyAge, Statements, Routes, Bypass, Upstreams, TLS,
}

// aspects are the checks that a store makes of itself.
var aspects = map[plugins.Aspect]Check{
	plugins.StoreVersion: StoreVersion, plugins.StorePersistence: StorePersistence, plugins.StoreEviction: StoreEviction,
	plugins.StoreRights: StoreRights, plugins.StoreMemory: StoreMemory, plugins.StoreTransport: StoreTransport,
}

// Status says how it is. The set is closed.
type Status string

const (
	// OK is as it should be.
	OK Status = "ok"
	// Warning works today, and is unsafe or will not work for long.
	Warning Status = "warning"
	// Fault does not work.
	Fault Status = "fault"
	// NotApplicable is what this gateway does not have.
	NotApplicable Status = "not_applicable"
)

// Statuses lists the closed set.
var Statuses = []Status{OK, Warning, Fault, NotApplicable}

// Result is what one check found. A check that finds several things has
// several.
type Result struct {
	Check  Check  `json:"check"`
	Status Status `json:"status"`
	Says   string `json:"says"`
	// Do says what to do about it; empty where nothing is.
	Do string `json:"do,omitempty"`
	// Ignored results do not count.
	Ignored bool `json:"ignored,omitempty"`
}

// Report is what an examination found: each check at least once.
type Report struct {
	Gateway string    `json:"gateway"`
	At      time.Time `json:"at"`
	// Healthy says that there is neither a fault nor a warning, but for those
	// that are ignored.
	Healthy  bool     `json:"healthy"`
	Faults   int      `json:"faults"`
	Warnings int      `json:"warnings"`
	Checks   []Result `json:"checks"`
}

// Summarize puts the results into the order of the checks, and counts them.
func Summarize(gateway string, at time.Time, results []Result, ignored []Check) Report {
	report := Report{Gateway: gateway, At: at, Checks: slices.Clone(results)}
	slices.SortStableFunc(report.Checks, func(a, b Result) int {
		return slices.Index(Checks, a.Check) - slices.Index(Checks, b.Check)
	})
	for i := range report.Checks {
		r := &report.Checks[i]
		r.Ignored = slices.Contains(ignored, r.Check)
		switch {
		case r.Ignored:
		case r.Status == Fault:
			report.Faults++
		case r.Status == Warning:
			report.Warnings++
		}
	}
	report.Healthy = report.Faults+report.Warnings == 0
	return report
}

func ok(c Check, says string) Result  { return Result{Check: c, Status: OK, Says: says} }
func none(c Check, why string) Result { return Result{Check: c, Status: NotApplicable, Says: why} }
func warning(c Check, says, do string) Result {
	return Result{Check: c, Status: Warning, Says: says, Do: do}
}
func fault(c Check, says, do string) Result {
	return Result{Check: c, Status: Fault, Says: says, Do: do}
}
