package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Unsafe is what the configuration itself has that is unsafe.
type Unsafe struct {
	Check    Check
	Says, Do string
}

// whatIsSafe words the checks of the configuration that found nothing.
var whatIsSafe = map[Check]string{
	AdminEndpoint: "only this machine reaches it",
	ClearText:     "clients send nothing in clear text through a network",
	Exposure:      "no metrics and no admin endpoint where clients are",
	Console:       "where there is a web console, somebody says who its people are",
	Files:         "no file is open to others on this machine",
	Logs:          "secrets are taken out of a log",
}

// AboutSafety tells what the configuration has that is unsafe.
func AboutSafety(found []Unsafe) []Result {
	var results []Result
	for _, check := range []Check{AdminEndpoint, ClearText, Exposure, Console, Files, Logs} {
		n := len(results)
		for _, u := range found {
			if u.Check == check {
				results = append(results, warning(check, u.Says, u.Do))
			}
		}
		if len(results) == n {
			results = append(results, ok(check, whatIsSafe[check]))
		}
	}
	return results
}

// AboutConfiguration says whether the configuration that serves is the one
// that was meant to. The times are those of the last start and the last failure.
func AboutConfiguration(started, failed time.Time) Result {
	if failed.After(started) {
		return warning(Configuration, "a newer one could not be taken up at "+failed.UTC().Format("2006-01-02 15:04 UTC"),
			"what the reload printed says why, and so does the log; after a restart there is no older one")
	}
	return ok(Configuration, "in force since "+started.UTC().Format("2006-01-02 15:04 UTC"))
}

// AboutIssuer says whether clients find the issuer under its own name. served
// are the hosts for which some site holds it; anywhere is that one does for all.
func AboutIssuer(issuer, host string, served []string, anywhere bool) Result {
	match := func(pattern string) bool {
		if wild, is := strings.CutPrefix(pattern, "*."); is {
			_, parent, found := strings.Cut(host, ".")
			return found && strings.EqualFold(parent, wild)
		}
		return strings.EqualFold(pattern, host)
	}
	switch {
	case anywhere || slices.ContainsFunc(served, match):
		return ok(Issuer, issuer+" is served here")
	case len(served) == 0:
		return fault(Issuer, "no site holds dcr_issuer, so that nobody can register", "write dcr_issuer into the site of "+host)
	default:
		return warning(Issuer, fmt.Sprintf("dcr_issuer answers for %s, and not for %s", strings.Join(served, ", "), host),
			"let a site of that name hold it, unless something in front passes requests on under another")
	}
}

// AboutProxies tells whether a proxy was seen that is not set up.
func AboutProxies(complaint string) Result {
	if complaint == "" {
		return ok(TrustedProxies, "no request came through a proxy that is not set up")
	}
	says, do, found := strings.Cut(complaint, ": ")
	if !found {
		do = "see trusted_proxies in docs/configuration.md"
	}
	return warning(TrustedProxies, says, do)
}

// OpenRoute is a route that asks for no token.
type OpenRoute struct {
	API, Route string
	// Ours says that an API's description has it so, and not the operator.
	Ours bool
}

// AboutRoutes tells which routes ask for no scope.
func AboutRoutes(open []OpenRoute, all int) []Result {
	var results []Result
	documented := 0
	for _, r := range open {
		if r.Ours {
			documented++
			continue
		}
		results = append(results, warning(Routes, r.API+": "+r.Route+" asks for no token",
			"give it scopes, unless everybody is meant; caddy dcr routes lists all"))
	}
	switch {
	case all == 0:
		results = append(results, warning(Routes, "nothing is guarded", "write dcr_proxy or dcr_guard into a site"))
	case len(results) == 0 && documented > 0:
		results = append(results, ok(Routes, fmt.Sprintf("%d of %d ask for no token, as their APIs are documented", documented, all)))
	case len(results) == 0:
		results = append(results, ok(Routes, fmt.Sprintf("all %d ask for a scope", all)))
	}
	return results
}

// AboutBypass tells which upstreams can be reached past the guard as well.
func AboutBypass(guarded, open []string) []Result {
	var results []Result
	for _, upstream := range guarded {
		if slices.Contains(open, upstream) {
			results = append(results, warning(Bypass, "requests reach "+upstream+" past the guard too",
				"put a guard before the other reverse_proxy, or take it out"))
		}
	}
	if len(results) == 0 {
		return []Result{ok(Bypass, "no site passes requests on to a guarded backend without a guard")}
	}
	return results
}

// Reached is an upstream, and why it could not be reached.
type Reached struct {
	Address string
	Err     error
}

// AboutUpstreams says which upstreams of guarded routes are there.
func AboutUpstreams(tried []Reached) []Result {
	var results []Result
	for _, u := range tried {
		if u.Err != nil {
			results = append(results, fault(Upstreams, u.Address+" cannot be reached: "+u.Err.Error(), "start it, or mend its address"))
		}
	}
	switch {
	case len(tried) == 0:
		return []Result{none(Upstreams, "no upstream with a fixed address is guarded")}
	case len(results) == 0:
		return []Result{ok(Upstreams, fmt.Sprintf("all %d can be reached", len(tried)))}
	}
	return results
}

// Certificate is what a listener shows for a host.
type Certificate struct {
	Host, Listener string
	Issuer         string
	// Names says that it is for the host.
	Names               bool
	NotBefore, NotAfter time.Time
	// Err is why there is none.
	Err error
}

// left says how long before its end a certificate should have been replaced:
// Caddy does when a third of its life is left, by itself.
func (c *Certificate) left() time.Duration {
	return min(c.NotAfter.Sub(c.NotBefore)/4, 21*24*time.Hour)
}

// AboutTLS judges the certificates of the sites that clients use.
func AboutTLS(certificates []Certificate, now time.Time) []Result {
	var results []Result
	var first time.Time
	for i := range certificates {
		c := &certificates[i]
		switch {
		case c.Err != nil:
			results = append(results, fault(TLS, fmt.Sprintf("%s on %s: no TLS: %s", c.Host, c.Listener, c.Err),
				"look at Caddy's log; a certificate may not have been obtained"))
		case !c.Names:
			results = append(results, fault(TLS, "the certificate for "+c.Host+" is for other names", "give the site one of its own"))
		case now.After(c.NotAfter):
			results = append(results, fault(TLS, fmt.Sprintf("the certificate for %s expired on %s", c.Host, c.NotAfter.UTC().Format(time.DateOnly)),
				"renew it; where Caddy does, its log says why it could not"))
		case now.Before(c.NotBefore):
			results = append(results, fault(TLS, fmt.Sprintf("the certificate for %s is valid from %s on", c.Host, c.NotBefore.UTC().Format(time.DateOnly)),
				"compare this machine's clock"))
		case c.NotAfter.Sub(now) < c.left():
			results = append(results, warning(TLS, fmt.Sprintf("the certificate for %s expires at %s", c.Host, c.NotAfter.UTC().Format("2006-01-02 15:04 UTC")),
				"renew it; where Caddy does, its log says why it has not"))
		}
		if first.IsZero() || c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	switch {
	case len(certificates) == 0:
		return []Result{none(TLS, "no site of the gateway ends TLS itself")}
	case len(results) == 0:
		return []Result{ok(TLS, fmt.Sprintf("%d certificates; the first expires on %s", len(certificates), first.UTC().Format(time.DateOnly)))}
	}
	return results
}
