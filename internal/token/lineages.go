package token

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

// lineages numbers the lineages that cached tokens have in common, and counts
// the tokens of each, so that one goes with its last token.
//
// The lock is taken when a token is put in or dropped, for about a hundred
// nanoseconds, against the tens of microseconds that its signature took.
// Reading takes none.
type lineages struct {
	mu      sync.Mutex
	numbers map[lineageKey]uint32
	tokens  []int    // by number
	free    []uint32 // numbers of lineages that have gone
	// table holds the lineages by number. Readers see the slice that was
	// current when their entry was put in, or a later one; a number that an
	// entry has is not given to another lineage.
	table atomic.Pointer[[]*Lineage]
}

// lineageKey is a lineage in a form that can be compared.
type lineageKey struct {
	application, statement        uuid.UUID
	issuer, platform, key, scopes string
	statementKey                  revocation.KeyRef
}

func (l *lineages) get(number uint32) *Lineage { return (*l.table.Load())[number] }

// acquire counts one more token of the lineage.
func (l *lineages) acquire(lineage *Lineage) uint32 {
	key := lineageKey{
		lineage.ApplicationID, lineage.StatementID,
		lineage.StatementIssuer, lineage.Platform, lineage.KeyID, lineage.Scopes.String(), lineage.StatementKey,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if number, known := l.numbers[key]; known {
		l.tokens[number]++
		return number
	}
	return l.enter(key)
}

// enter gives a lineage a number.
func (l *lineages) enter(key lineageKey) uint32 {
	key = key.clone()
	lineage := &Lineage{
		ApplicationID: key.application, StatementID: key.statement,
		StatementIssuer: key.issuer, StatementKey: key.statementKey, Platform: key.platform, KeyID: key.key,
	}
	if key.scopes != "" {
		lineage.Scopes, _ = scope.Parse(key.scopes) // it is a set's own form
	}
	if l.numbers == nil {
		l.numbers = map[lineageKey]uint32{}
	}
	var table []*Lineage
	if current := l.table.Load(); current != nil {
		table = *current
	}
	var number uint32
	if last := len(l.free) - 1; last >= 0 {
		number = l.free[last]
		l.free = l.free[:last]
		table[number] = lineage
	} else {
		number = uint32(len(table))
		table = append(table, lineage)
		l.tokens = append(l.tokens, 0)
		l.table.Store(&table)
	}
	l.numbers[key] = number
	l.tokens[number] = 1
	return number
}

// release counts one token less.
func (l *lineages) release(number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens[number]--; l.tokens[number] > 0 {
		return
	}
	table := *l.table.Load()
	gone := table[number]
	delete(l.numbers, lineageKey{
		gone.ApplicationID, gone.StatementID, gone.StatementIssuer, gone.Platform, gone.KeyID, gone.Scopes.String(), gone.StatementKey,
	})
	table[number] = nil
	l.free = append(l.free, number)
}

// clone frees the key of the texts that its strings are parts of: a token's
// claims are not to stay because of a word in them.
func (k lineageKey) clone() lineageKey {
	k.issuer, k.platform = strings.Clone(k.issuer), strings.Clone(k.platform)
	k.key, k.scopes = strings.Clone(k.key), strings.Clone(k.scopes)
	return k
}
