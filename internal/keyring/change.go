package keyring

import (
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Change is another key that is used from now on. The ids name keys, and are no
// secrets.
type Change struct{ Key, Previous string }

// Changed says whether another key is used for the use than when it was last
// asked, whoever caused that: a rotation whose time has come, a kill, another
// algorithm. The first key that it sees is none.
func (r *Ring) Changed(use state.KeyUse, algorithm jws.Algorithm) (Change, bool) {
	now, found := r.used(use, algorithm)
	if !found {
		return Change{}, false // there will be one soon, or there is nothing to use
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before, seen := r.inUse[use]
	if r.inUse == nil {
		r.inUse = map[state.KeyUse]string{}
	}
	r.inUse[use] = now.record.ID
	return Change{Key: now.record.ID, Previous: before}, seen && before != now.record.ID
}

// used is the newest key of the use in the algorithm that has begun and was not
// killed.
func (r *Ring) used(use state.KeyUse, algorithm jws.Algorithm) (entry, bool) {
	now, entries := r.replica.Now().UnixMilli(), r.current.Load().entries
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.record.Use == use && e.record.Algorithm == string(algorithm) && e.record.SignsFrom <= now && !r.killed(e.record.ID) {
			return e, true
		}
	}
	return entry{}, false
}
