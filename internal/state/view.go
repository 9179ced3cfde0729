package state

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/cow"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// view is the replicated state as one gateway holds it. It is filled once from
// a snapshot and then changed entry by entry; readers take no lock.
type view struct {
	applications cow.Table[*application.Application]
	kills        *revocation.Set
	keys         atomic.Pointer[[]SigningKey]
	roster       rosterTables
	changeSets   table[ChangeSetSummary]
	auditHead    atomic.Pointer[[]byte]
	// records counts what the snapshot held, for the log.
	records int
}

// viewBuilder gathers a snapshot, page by page.
type viewBuilder struct {
	applications map[uuid.UUID]*application.Application
	kills        map[revocation.Target]revocation.Kill
	keys         []SigningKey
	records      int
	// made is the view, as far as it can be filled at once.
	made *view
}

func newViewBuilder() *viewBuilder {
	made := &view{kills: revocation.NewSet()}
	made.roster.unread(true)
	made.changeSets.unread = true
	return &viewBuilder{
		applications: map[uuid.UUID]*application.Application{},
		kills:        map[revocation.Target]revocation.Kill{},
		made:         made,
	}
}

func (b *viewBuilder) add(key string, value []byte) error {
	b.records++
	switch {
	case strings.HasPrefix(key, applicationPrefix):
		a, err := decodeApplication(key, value)
		if err != nil {
			return err
		}
		b.applications[a.ID] = a
	case strings.HasPrefix(key, killPrefix):
		k, err := decodeKill(key, value)
		if err != nil {
			return err
		}
		b.kills[revocation.Target{Kind: k.Kind, ID: k.ID}] = k.brief()
	case strings.HasPrefix(key, signingKeyPrefix):
		k, err := decodeSigningKey(key, value)
		if err != nil {
			return err
		}
		b.keys = append(b.keys, k)
	default:
		return b.made.applyOther(plugins.Write{Key: key, Value: value})
	}
	return nil
}

func (b *viewBuilder) view() *view {
	v := b.made
	v.records = b.records
	v.roster.unread(false)
	v.changeSets.unread = false
	recorded := v.recorded()
	for id, a := range b.applications {
		b.applications[id] = withRecorded(a, recorded)
	}
	v.applications.Fill(b.applications)
	v.kills.Fill(maps.All(b.kills))
	sortKeys(b.keys)
	v.keys.Store(&b.keys)
	return v
}

// apply makes one write of the feed true, and says whether it was of a key.
func (v *view) apply(w plugins.Write) (keysChanged bool, err error) {
	switch {
	case strings.HasPrefix(w.Key, applicationPrefix):
		if w.Value == nil {
			return false, fmt.Errorf("application %q was deleted, but applications are only ever revoked", w.Key)
		}
		a, err := decodeApplication(w.Key, w.Value)
		if err != nil {
			return false, err
		}
		v.applications.Put(a.ID, withRecorded(a, v.recorded()))
	case strings.HasPrefix(w.Key, killPrefix):
		return false, v.applyKill(w)
	case strings.HasPrefix(w.Key, signingKeyPrefix):
		return true, v.applyKey(w)
	case strings.HasPrefix(w.Key, channelPrefix):
		return false, v.applyChannel(w)
	}
	return false, v.applyOther(w)
}

// applyOther makes a write true of what is for administration, or, with the
// channels of a snapshot, of what applications do not depend on yet. What a
// newer version of the gateway wrote beside that, no decision of this one needs.
func (v *view) applyOther(w plugins.Write) error {
	switch {
	case w.Key == moveMarkKey:
		return marked(w.Value)
	case w.Key == auditHeadKey:
		v.auditHead.Store(&w.Value)
		return nil
	case strings.HasPrefix(w.Key, changeSetPrefix):
		v.applyChangeSet(w.Key, w.Value)
		return nil
	default:
		return v.roster.apply(w.Key, w.Value)
	}
}

func (v *view) applyKill(w plugins.Write) error {
	if w.Value == nil {
		if target, ok := killTarget(w.Key); ok {
			v.kills.Remove(target)
		}
		return nil
	}
	k, err := decodeKill(w.Key, w.Value)
	if err != nil {
		return err
	}
	v.kills.Put(revocation.Target{Kind: k.Kind, ID: k.ID}, k.brief())
	return nil
}

func (v *view) applyKey(w plugins.Write) error {
	next := slices.Clone(*v.keys.Load())
	next = slices.DeleteFunc(next, func(k SigningKey) bool { return signingKeyKey(k.Use, k.Generation) == w.Key })
	if w.Value != nil {
		k, err := decodeSigningKey(w.Key, w.Value)
		if err != nil {
			return err
		}
		next = append(next, k)
	}
	sortKeys(next)
	v.keys.Store(&next)
	return nil
}

func sortKeys(keys []SigningKey) {
	slices.SortFunc(keys, func(a, b SigningKey) int {
		if c := strings.Compare(string(a.Use), string(b.Use)); c != 0 {
			return c
		}
		return int(a.Generation) - int(b.Generation)
	})
}

func (k Kill) brief() revocation.Kill {
	return revocation.Kill{LiftedAt: k.LiftedAt, ExpiresAt: k.ExpiresAt}
}
