package caddymodule

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
)

// originIndex finds out whether the page of an origin belongs to any registered
// application, also one that was revoked, whose pages are to read so. It is a
// set of all domains, made anew when there are other applications: these never
// change, and are never deleted.
type originIndex struct {
	directory *directory
	current   atomic.Pointer[domainSet]
	making    sync.Mutex
}

type domainSet struct {
	domains map[string]struct{}
	// madeOf tells the applications of which the set was made from others.
	madeOf applicationsHeld
	// next is when the set may be made again: with very many applications that
	// takes a while, and whoever creates them one after the other must not
	// have all of them read for each.
	next time.Time
}

// covers says whether a page of the origin lies on a domain of an application.
func (i *originIndex) covers(origin string) bool {
	host, found := strings.CutPrefix(origin, "https://")
	if !found {
		return false
	}
	host, _, _ = strings.Cut(host, ":")
	set := i.set()
	for domain := host; domain != ""; _, domain, _ = strings.Cut(domain, ".") {
		if _, found := set.domains[domain]; found {
			// The application's own rule decides, as it does with a token.
			return (&application.Application{Domains: []string{domain}}).CoversOrigin(origin)
		}
	}
	return false
}

// applicationsHeld changes whenever there is another application.
type applicationsHeld struct {
	feed  string
	count int
}

func (i *originIndex) set() *domainSet {
	set := i.current.Load()
	held := applicationsHeld{feed: i.directory.Position().Feed}
	held.count, _ = i.directory.Sizes()
	if set != nil && (set.madeOf == held || time.Now().Before(set.next)) {
		return set
	}
	i.making.Lock()
	defer i.making.Unlock()
	if made := i.current.Load(); made != set {
		return made // by somebody else, meanwhile
	}
	begun := time.Now()
	set = &domainSet{domains: map[string]struct{}{}, madeOf: held}
	add := func(a *application.Application) bool {
		for _, domain := range a.Domains {
			set.domains[domain] = struct{}{}
		}
		return true
	}
	for _, a := range i.directory.declared {
		add(a)
	}
	i.directory.Applications(add)
	set.next = time.Now().Add(20 * time.Since(begun))
	i.current.Store(set)
	return set
}
