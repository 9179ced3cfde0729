package top

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Times are how long something took, in seconds; nil where nothing happened.
type Times struct {
	P50 *float64 `json:"p50_seconds,omitempty"`
	P99 *float64 `json:"p99_seconds,omitempty"`
}

// Profile is what one protected API is asked.
type Profile struct {
	Name string `json:"profile"`
	// Requests, Refused and Unavailable are by the second; the first has all.
	Requests    float64 `json:"requests_per_second"`
	Refused     float64 `json:"refused_per_second"`
	Unavailable float64 `json:"unavailable_per_second"`
	// Decision is how long the guard took, Backend what stands behind it.
	Decision Times `json:"decision"`
	Backend  Times `json:"backend"`
}

// Refusal is why requests are refused, and how many by the second.
type Refusal struct {
	// Where is a profile, or registration or token.
	Where  string  `json:"where"`
	Reason string  `json:"reason"`
	Rate   float64 `json:"per_second"`
}

// Issuing is what an endpoint of the issuer is asked, by the second.
type Issuing struct {
	Requests    float64 `json:"requests_per_second"`
	Refused     float64 `json:"refused_per_second"`
	Unavailable float64 `json:"unavailable_per_second"`
	Took        Times   `json:"took"`
}

// Picture is what gateways did between two readings, together.
type Picture struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	// Gateways is how many are in it, Away how many did not answer.
	Gateways int `json:"gateways"`
	Away     int `json:"away"`

	Profiles      []Profile `json:"profiles"`
	Refusals      []Refusal `json:"refusals"`
	Registrations Issuing   `json:"registrations"`
	Tokens        Issuing   `json:"tokens"`

	// Kills is how many kill switches were applied in the time, added up over
	// the gateways, and KillLag how long after the store had them.
	Kills   float64 `json:"kills"`
	KillLag Times   `json:"kill_lag"`
	// ReplicaAge is the oldest one's, in seconds; nil before there is any.
	ReplicaAge *float64 `json:"replica_age_seconds,omitempty"`
	// StoreErrors are by the second, and BreakerOpen says that a gateway does
	// not ask its store now.
	StoreErrors float64 `json:"store_errors_per_second"`
	BreakerOpen bool    `json:"breaker_open"`
}

// Between makes the picture of the gateways, each in the same place of before
// and after; a reading without a time is of one that did not answer.
func Between(before, after []Reading) Picture {
	p := Picture{Profiles: []Profile{}, Refusals: []Refusal{}}
	sum := newSums()
	for i := range after {
		if before[i].At.IsZero() || after[i].At.IsZero() {
			p.Away++
			continue
		}
		p.Gateways++
		p.Seconds = max(p.Seconds, after[i].At.Sub(before[i].At).Seconds())
		if after[i].At.After(p.At) {
			p.At = after[i].At
		}
		sum.add(pair{before[i], after[i]})
		p.see(after[i])
	}
	for name, s := range sum.profiles {
		s.Name, s.Decision, s.Backend = name, times(sum.decided[name]), times(sum.behind[name])
		p.Profiles = append(p.Profiles, *s)
	}
	slices.SortFunc(p.Profiles, func(a, b Profile) int { return strings.Compare(a.Name, b.Name) })
	for refusal, rate := range sum.refusals {
		refusal.Rate = rate
		p.Refusals = append(p.Refusals, refusal)
	}
	slices.SortFunc(p.Refusals, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(b.Rate, a.Rate), strings.Compare(a.Where, b.Where), strings.Compare(a.Reason, b.Reason))
	})
	p.Registrations, p.Registrations.Took = sum.registrations, times(&sum.registering)
	p.Tokens, p.Tokens.Took = sum.tokens, times(&sum.issuing)
	p.Kills, p.KillLag = sum.lag.count(), times(&sum.lag)
	p.StoreErrors = sum.storeErrors
	return p
}

// see takes over what is so at the end of the time.
func (p *Picture) see(r Reading) {
	for _, m := range r.series("replica_age_seconds") {
		age := m.GetGauge().GetValue()
		if !math.IsInf(age, 0) && (p.ReplicaAge == nil || age > *p.ReplicaAge) {
			p.ReplicaAge = &age
		}
	}
	for _, m := range r.series("store_breaker_open") {
		p.BreakerOpen = p.BreakerOpen || m.GetGauge().GetValue() > 0
	}
}

type sums struct {
	profiles        map[string]*Profile
	decided, behind map[string]*spread
	refusals        map[Refusal]float64
	registrations   Issuing
	tokens          Issuing
	registering     spread
	issuing, lag    spread
	storeErrors     float64
}

func newSums() *sums {
	return &sums{
		profiles: map[string]*Profile{}, decided: map[string]*spread{}, behind: map[string]*spread{}, refusals: map[Refusal]float64{},
	}
}

func (s *sums) add(p pair) {
	seconds := p.seconds()
	if seconds <= 0 {
		return
	}
	p.rises("decisions_total", func(m *dto.Metric, by float64) {
		name, rate := label(m, "profile"), by/seconds
		profile := s.profiles[name]
		if profile == nil {
			profile = &Profile{}
			s.profiles[name] = profile
		}
		profile.Requests += rate
		switch label(m, "outcome") {
		case "refused":
			profile.Refused += rate
		case "unavailable":
			profile.Unavailable += rate
		default:
			return
		}
		s.refuse(name, label(m, "reason"), rate)
	})
	s.issue(p, "registrations_total", "registration", "registered", &s.registrations)
	s.issue(p, "tokens_total", "token", "issued", &s.tokens)
	p.rises("store_errors_total", func(_ *dto.Metric, by float64) { s.storeErrors += by / seconds })
	byProfile := func(all map[string]*spread) func(*dto.Metric, spread) {
		return func(m *dto.Metric, one spread) {
			name := label(m, "profile")
			if all[name] == nil {
				all[name] = &spread{}
			}
			all[name].add(one)
		}
	}
	p.spreads("decision_duration_seconds", byProfile(s.decided))
	p.spreads("upstream_duration_seconds", byProfile(s.behind))
	p.spreads("registration_duration_seconds", func(_ *dto.Metric, one spread) { s.registering.add(one) })
	p.spreads("token_duration_seconds", func(_ *dto.Metric, one spread) { s.issuing.add(one) })
	p.spreads("revocation_lag_seconds", func(_ *dto.Metric, one spread) { s.lag.add(one) })
}

// issue adds what one endpoint of the issuer was asked.
func (s *sums) issue(p pair, metric, where, good string, into *Issuing) {
	p.rises(metric, func(m *dto.Metric, by float64) {
		rate, outcome := by/p.seconds(), label(m, "outcome")
		into.Requests += rate
		switch outcome {
		case good:
			return
		case "unavailable":
			into.Unavailable += rate
		default:
			into.Refused += rate
		}
		s.refuse(where, outcome, rate)
	})
}

func (s *sums) refuse(where, reason string, rate float64) {
	if rate > 0 {
		s.refusals[Refusal{Where: where, Reason: reason}] += rate
	}
}

func times(s *spread) (t Times) {
	if s == nil {
		return t
	}
	if p50, ok := s.quantile(0.5); ok {
		p99, _ := s.quantile(0.99)
		t.P50, t.P99 = &p50, &p99
	}
	return t
}
