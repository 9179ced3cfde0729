package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// A clock that is further off than this is not kept by anybody.
	clockOff = 2 * time.Second
	// clockWrong is beyond what statements, assertions and tokens forgive.
	clockWrong = time.Minute
	// slowStore is when a registration takes noticeably long.
	slowStore = 50 * time.Millisecond
	// oldState is what a healthy store never lets it become.
	oldState = 10 * time.Second
	// soon is how long before the end of a statement somebody has to act: apps
	// have to be built and shipped with another.
	soon = 30 * 24 * time.Hour
)

// AboutClock compares the gateway's clock with the store's.
func AboutClock(ahead time.Duration, known bool) Result {
	off := ahead.Abs().Round(time.Millisecond)
	says := fmt.Sprintf("%s apart from the store's clock", off)
	switch {
	case !known:
		return fault(Clock, "the store has not told its time yet", "look at the check store")
	case off > clockWrong:
		return fault(Clock, says, "run an NTP client here and on the store's machine; certificates and logs go by this clock")
	case off > clockOff:
		return warning(Clock, says, "run an NTP client here and on the store's machine")
	default:
		return ok(Clock, says)
	}
}

// AboutState says whether the gateway knows what it decides from.
func AboutState(age time.Duration, known bool, staleness time.Duration) Result {
	says := fmt.Sprintf("confirmed %s ago; %s are allowed", age.Round(time.Second), staleness)
	switch {
	case !known:
		return fault(State, "the state was never loaded, so that every request gets 503", "look at the check store, and at the log")
	case age > staleness:
		return fault(State, says+": every request that needs a token gets 503", "bring the store back; see docs/operations.md")
	case age > oldState:
		return warning(State, says, "bring the store back before that; see docs/operations.md")
	default:
		return ok(State, says)
	}
}

// AboutStore says whether the store answers, and how fast: latencies are those
// of some small questions.
func AboutStore(latencies []time.Duration, err error) Result {
	if err != nil {
		return fault(Store, "it does not answer: "+err.Error(), "see docs/operations.md, What breaks")
	}
	slices.Sort(latencies)
	median := latencies[len(latencies)/2]
	says := fmt.Sprintf("it answers in %s", median.Round(10*time.Microsecond))
	if median > slowStore {
		return warning(Store, says, "put it nearer, or find out what keeps it busy; registrations and tokens wait for it")
	}
	return ok(Store, says)
}

// AboutSetUp tells of the store's examination of itself. A store that cannot
// examine itself, or an aspect that it leaves out, has nothing to say.
func AboutSetUp(findings []plugins.Finding, err error) []Result {
	var results []Result
	for _, aspect := range plugins.Aspects {
		check, found := aspects[aspect], false
		for _, f := range findings {
			if f.Aspect != aspect {
				continue
			}
			found = true
			switch {
			case f.Do == "":
				results = append(results, ok(check, f.Says))
			case aspect == plugins.StoreRights || aspect == plugins.StoreVersion:
				results = append(results, fault(check, f.Says, f.Do))
			default:
				results = append(results, warning(check, f.Says, f.Do))
			}
		}
		switch {
		case found:
		case err != nil:
			results = append(results, fault(check, "the store could not be asked: "+err.Error(), "look at the check store"))
		default:
			results = append(results, none(check, "this kind of store has nothing to set there"))
		}
	}
	return results
}

// AboutGateways says whether the others of the fleet keep up.
func AboutGateways(nodes []state.NodeReport, now time.Time, err error) []Result {
	if err != nil {
		return []Result{fault(Gateways, "who there is could not be asked", "look at the check store")}
	}
	var results []Result
	live := 0
	for _, n := range nodes {
		switch {
		case n.Silent:
			results = append(results, warning(Gateways, fmt.Sprintf("%s has not reported for %s", n.Name, now.Sub(n.ReportedAt).Round(time.Second)),
				"if it was taken away, nothing: it is forgotten after staleness; else see whether it reaches the store"))
		case n.Behind > 0 || n.OtherFeed:
			results = append(results, warning(Gateways, n.Name+" has not applied everything", "look again; if it stays so, see its log"))
		default:
			live++
		}
	}
	if len(results) == 0 {
		return []Result{ok(Gateways, fmt.Sprintf("%d of %d know everything", live, len(nodes)))}
	}
	return results
}

// AboutKeys judges the gateway's own keys.
func AboutKeys(stories []keyring.Story, now time.Time, broken error) []Result {
	signing := map[state.KeyUse]bool{}
	var inTheClear []string
	var results, aged []Result
	for _, s := range stories {
		signing[s.Use] = signing[s.Use] || s.Stage == keyring.Signs
		if !s.Sealed && s.Stage != keyring.Killed {
			inTheClear = append(inTheClear, string(s.Use))
		}
		if s.Stage == keyring.Unreadable {
			results = append(results, fault(Keys, fmt.Sprintf("key %s (%s) cannot be read here", s.ID, s.Use),
				"give the gateway the key_encryption_key that it was sealed with"))
		}
		if s.Stage == keyring.Signs && !s.DueAt.IsZero() && now.After(s.DueAt) {
			aged = append(aged, warning(KeyAge, fmt.Sprintf("the key of %ss is in use since %s", s.Use, s.SignsFrom.Format(time.DateOnly)),
				"caddy dcr keys rotate "+string(s.Use)))
		}
	}
	for _, use := range state.KeyUses {
		if !signing[use] && len(results) == 0 {
			results = append(results, fault(Keys, fmt.Sprintf("there is no key of %ss", use), "look at the log: it says why none can be made"))
		}
	}
	if len(results) == 0 && broken != nil {
		results = append(results, fault(Keys, broken.Error(), "look at the log"))
	}
	if len(results) == 0 {
		results = append(results, ok(Keys, fmt.Sprintf("%d keys, one of each use in use", len(stories))))
	}
	slices.Sort(inTheClear)
	switch inTheClear = slices.Compact(inTheClear); {
	case len(stories) == 0:
		results = append(results, none(KeysSealed, "there are no keys yet"))
	case len(inTheClear) > 0:
		results = append(results, warning(KeysSealed, "keys lie in the store in the clear: of "+strings.Join(inTheClear, ", "),
			"set key_encryption_key (openssl rand -base64 32), and rotate the keys from before"))
	default:
		results = append(results, ok(KeysSealed, "all keys are encrypted in the store"))
	}
	if len(aged) == 0 {
		aged = []Result{ok(KeyAge, "no key is due to be rotated")}
	}
	return append(results, aged...)
}

// AboutStatements tells which statements end soon, as far as the gateway has
// seen them since it started. Its own have no end.
func AboutStatements(seen []statement.Statement, trusted int, now time.Time) []Result {
	var results []Result
	for _, s := range seen {
		left := s.ExpiresAt.Sub(now)
		if s.ExpiresAt.IsZero() || left > soon {
			continue
		}
		says := fmt.Sprintf("a statement of %s for application %s ends on %s", s.Issuer, s.ApplicationID, s.ExpiresAt.UTC().Format(time.DateOnly))
		do := "get another from " + s.Issuer + ", and ship the app with it"
		if left < 0 {
			says = strings.Replace(says, " ends on ", " ended on ", 1)
		}
		results = append(results, warning(Statements, says, do))
	}
	if len(results) > 0 {
		return results
	}
	if trusted == 0 {
		return []Result{ok(Statements, "those of the gateway have no end, and no other issuer is trusted")}
	}
	return []Result{ok(Statements, fmt.Sprintf("none of the %d seen since the start ends within 30 days", len(seen)))}
}
