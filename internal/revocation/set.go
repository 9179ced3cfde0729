package revocation

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/cow"
)

// Kill is a thrown switch, as the set keeps it. Times are Unix milliseconds
// by the store's clock.
type Kill struct {
	// LiftedAt is when the switch was put back; zero while it is thrown.
	LiftedAt int64
	// ExpiresAt is when the kill has nothing left to stop; zero is never.
	ExpiresAt int64
}

// Subject is everything that one token, or one client, descends from. A zero
// id or an empty name is not looked at. Issuer is empty for our own
// statements' issuer only in records; callers fill the name in.
type Subject struct {
	TokenID, ClientID, StatementID, ApplicationID uuid.UUID
	Platform, Issuer, KeyID                       string
	// StatementKey refers to the key that signed the statement.
	StatementKey KeyRef
	// ClientIssuedAt and TokenIssuedAt are Unix milliseconds by the store's clock.
	ClientIssuedAt, TokenIssuedAt int64
}

// Set holds every kill. Reading takes no lock and is safe while writers add.
// It is sized for millions of kills of tokens, clients, statements and
// applications, and few of the other kinds.
type Set struct {
	// ids hold, for the kinds that have UUIDs, when each kill expires.
	ids   [4]cow.Table[int64]
	names atomic.Pointer[map[Target]Kill]
	write sync.Mutex
}

// Target is what a kill switch is thrown on.
type Target struct {
	Kind Kind
	ID   string
}

// byRef stands for a key that was killed, under its reference.
const byRef Kind = "key reference"

// Folded is the target as it is looked up. Backends that do not mind the case
// of a channel's letters must not serve a killed one under another spelling.
func (t Target) Folded() Target {
	if t.Kind == Channel {
		t.ID = strings.ToLower(t.ID)
	}
	return t
}

// alias is what a target is found by as well as by itself.
func (t Target) alias() (Target, bool) {
	return RefOf(t.ID).target(), t.Kind == Key
}

func (r KeyRef) target() Target {
	return Target{byRef, string(binary.BigEndian.AppendUint32(nil, uint32(r)))}
}

// NewSet makes an empty set.
func NewSet() *Set {
	s := &Set{}
	s.names.Store(&map[Target]Kill{})
	return s
}

// Put adds or replaces a kill. The id of a token, client, statement or
// application is a UUID; one that is none stops nothing and is ignored, since
// nothing of that name can exist.
func (s *Set) Put(target Target, kill Kill) {
	target = target.Folded()
	s.change(target,
		func(table *cow.Table[int64], id uuid.UUID) { table.Put(id, kill.ExpiresAt) },
		func(names map[Target]Kill) { putName(names, target, kill) })
}

// Remove takes a kill out, because it was collected.
func (s *Set) Remove(target Target) {
	target = target.Folded()
	s.change(target,
		(*cow.Table[int64]).Remove,
		func(names map[Target]Kill) {
			delete(names, target)
			if alias, has := target.alias(); has {
				delete(names, alias)
			}
		})
}

func (s *Set) change(target Target, inTable func(*cow.Table[int64], uuid.UUID), inNames func(map[Target]Kill)) {
	s.write.Lock()
	defer s.write.Unlock()
	if i := slices.Index(withUUID, target.Kind); i >= 0 {
		if key, err := uuid.Parse(target.ID); err == nil {
			inTable(&s.ids[i], key)
		}
		return
	}
	next := maps.Clone(*s.names.Load())
	inNames(next)
	s.names.Store(&next)
}

// Fill adds many kills to a set that nobody reads yet, without the copying
// that Put does for readers that look on.
func (s *Set) Fill(kills iter.Seq2[Target, Kill]) {
	s.write.Lock()
	defer s.write.Unlock()
	var ids [4]map[uuid.UUID]int64
	names := maps.Clone(*s.names.Load())
	for target, kill := range kills {
		i := slices.Index(withUUID, target.Kind)
		if i < 0 {
			putName(names, target.Folded(), kill)
			continue
		}
		if ids[i] == nil {
			ids[i] = map[uuid.UUID]int64{}
		}
		if key, err := uuid.Parse(target.ID); err == nil {
			ids[i][key] = kill.ExpiresAt
		}
	}
	for i := range ids {
		s.ids[i].Fill(ids[i])
	}
	s.names.Store(&names)
}

func putName(names map[Target]Kill, target Target, kill Kill) {
	names[target] = kill
	if alias, has := target.alias(); has {
		names[alias] = kill
	}
}

// Len counts the kills.
func (s *Set) Len() int {
	n := 0
	for target := range *s.names.Load() {
		if target.Kind != byRef {
			n++
		}
	}
	for i := range s.ids {
		n += s.ids[i].Len()
	}
	return n
}

// Sweep drops kills that have expired at now (Unix milliseconds) and says how many.
func (s *Set) Sweep(now int64) int {
	s.write.Lock()
	defer s.write.Unlock()
	n := 0
	for i := range s.ids {
		n += s.ids[i].RemoveIf(func(_ uuid.UUID, expires int64) bool { return expires != 0 && expires <= now })
	}
	return n
}

// The kinds whose ids are UUIDs, in the order of Set.ids.
const (
	tokens = iota
	clients
	statements
	applications
)

var withUUID = []Kind{tokens: Token, clients: Client, statements: Statement, applications: Application}

// Check names the kind of kill that stops the subject, the widest permanent
// one first, because that is what its owner has to act on.
//
// Tokens, clients, statements, applications, issuers and keys have ids that
// are never used again, so that a kill of them has no end. A platform comes
// back: a client that registered before its kill was lifted stays dead and
// registers again, a later one lives. Comparing with the time of lifting and
// not of killing covers what a gateway that had not heard of the kill issued
// meanwhile.
func (s *Set) Check(x *Subject) (Kind, bool) {
	if _, killed := s.ids[applications].Get(x.ApplicationID); killed {
		return Application, true
	}
	if _, killed := s.ids[statements].Get(x.StatementID); killed {
		return Statement, true
	}
	if _, killed := s.ids[clients].Get(x.ClientID); killed {
		return Client, true
	}
	if names := *s.names.Load(); len(names) > 0 {
		if _, killed := names[Target{Issuer, x.Issuer}]; killed && x.Issuer != "" {
			return Issuer, true
		}
		// Whoever holds a killed key could have signed the statement, so that is
		// dead, and with it what descends from it.
		if _, killed := names[x.StatementKey.target()]; killed && x.StatementKey != 0 {
			return Statement, true
		}
		if kill, found := names[Target{Platform, x.Platform}]; found && x.Platform != "" && kill.stops(x.ClientIssuedAt) {
			return Platform, true
		}
		if _, killed := names[Target{Key, x.KeyID}]; killed && x.KeyID != "" {
			return Key, true
		}
	}
	if _, killed := s.ids[tokens].Get(x.TokenID); killed {
		return Token, true
	}
	return "", false
}

// StopsChannel says whether requests that name the channel are refused. While
// the kill is thrown all are; after it was lifted, tokens issued before stay
// dead for this channel, and new ones live.
func (s *Set) StopsChannel(channel string, tokenIssuedAt int64) bool {
	names := *s.names.Load()
	if len(names) == 0 {
		return false
	}
	kill, found := names[Target{Channel, channel}.Folded()]
	return found && kill.stops(tokenIssuedAt)
}

func (k Kill) stops(issuedAt int64) bool { return k.LiftedAt == 0 || issuedAt <= k.LiftedAt }
