package management

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// plan gathers what one act writes, and what there is to say of it. What one
// change of it has planned, the next one sees.
type plan struct {
	s   *Service
	who access.Actor
	now time.Time
	// set is the change set that is planned, if one is. What it holds lies in
	// the place of its owner.
	set   string
	place *access.Resource
	// manifest is the one on whose behalf the plan is made: it may change what
	// the manifest manages, and what it changes becomes the manifest's, or, to
	// release it, nobody's.
	manifest string
	release  bool
	// origins are the manifest's applications.
	origins map[uuid.UUID]application.Origin
	// review plans what somebody only looks at, who need not be allowed to do it.
	review bool

	programmers  staged[roster.Programmer]
	channels     staged[roster.Channel]
	proxyMVPDs   staged[roster.ProxyMVPD]
	scopes       staged[roster.Scope]
	platforms    staged[roster.Platform]
	applications map[uuid.UUID]*application.Application
	kills        map[string]state.Kill

	writes []plugins.Write
	notes  []audit.Note
	// first is set to the number of the act's first entry in the audit.
	first *uint64
	// denied is what to put on record of an attempt that was refused.
	denied *audit.Note
}

func (s *Service) newPlan(who access.Actor) *plan {
	return &plan{
		s: s, who: who, now: s.Replica.Now(),
		programmers: staged[roster.Programmer]{}, channels: staged[roster.Channel]{}, proxyMVPDs: staged[roster.ProxyMVPD]{},
		scopes: staged[roster.Scope]{}, platforms: staged[roster.Platform]{},
		applications: map[uuid.UUID]*application.Application{}, kills: map[string]state.Kill{},
		origins: map[uuid.UUID]application.Origin{},
	}
}

// staged are the records of one kind that the plan writes, by key; nil is one
// that it deletes.
type staged[T any] map[string]*state.Held[T]

// get finds a record: as the plan leaves it, else as it is stored.
func (s staged[T]) get(key, name string, stored map[string]state.Held[T]) (state.Held[T], bool) {
	if held, planned := s[key]; planned {
		if held == nil {
			return state.Held[T]{}, false
		}
		return *held, true
	}
	held, found := stored[name]
	return held, found
}

// put plans the write of a record in the place of another, or where none is.
func put[T any](p *plan, s staged[T], key string, old state.Held[T], record T, encode func(T) ([]byte, error)) (state.Held[T], error) {
	raw, err := encode(record)
	if err != nil {
		return state.Held[T]{}, unavailable("writing the record", err)
	}
	p.write(key, old.Raw, raw)
	held := state.Held[T]{Record: record, Raw: raw}
	s[key] = &held
	return held, nil
}

func remove[T any](p *plan, s staged[T], key string, old state.Held[T]) {
	p.write(key, old.Raw, nil)
	s[key] = nil
}

// write plans one write of a key, where old stands, or nothing. All writes of
// an act happen at once, so that the last one of a key is what counts, under
// the condition of the first.
func (p *plan) write(key string, old, value []byte) {
	w := plugins.Write{Key: key, Value: value, If: plugins.IfAbsent}
	if old != nil {
		w.If, w.Old = plugins.IfEqual, old
	}
	p.add(w)
}

func (p *plan) add(w plugins.Write) {
	if i := slices.IndexFunc(p.writes, func(other plugins.Write) bool { return other.Key == w.Key }); i >= 0 {
		p.writes[i].Value, p.writes[i].TTL = w.Value, w.TTL
		return
	}
	p.writes = append(p.writes, w)
}

// allow decides whether the plan's actor may do it. What the actor may not
// even see is answered as what there is not.
func (p *plan) allow(op access.Operation, target audit.Target, of access.Resource, notThere error) (access.Role, error) {
	if p.place != nil && p.place.Programmer != "" &&
		(of.Programmer != p.place.Programmer || p.place.Channel != "" && of.Channel != p.place.Channel) {
		return "", notThere
	}
	if p.review {
		return "", nil
	}
	decision := access.Decide(&p.who, op, of)
	if decision.Verdict == access.Allowed {
		return decision.Role, nil
	}
	p.denied = &audit.Note{Actor: p.who, Operation: op, Target: target, Of: of, Outcome: audit.Denied, Set: p.set}
	if decision.Verdict == access.Forbidden {
		return "", forbidden(op)
	}
	return "", notThere
}

// note says what the plan does.
func (p *plan) note(op access.Operation, role access.Role, target audit.Target, of access.Resource, before, after any) {
	p.notes = append(p.notes, audit.Note{
		Actor: p.who, Role: role, Operation: op, Target: target, Of: of, Outcome: audit.Done,
		Before: before, After: after, Set: p.set,
	})
}

func (p *plan) act() audit.Act { return audit.Act{Writes: p.writes, Notes: p.notes, First: p.first} }

// commit carries out one act. tried says what it is, for an error.
func (s *Service) commit(ctx context.Context, who access.Actor, tried string, change func(context.Context, *plan) error) error {
	position, err := s.commitBy(ctx, who, tried, s.Audit.Commit, change)
	if position != (plugins.Position{}) {
		// It is stored. Should this gateway lag behind, what the actor does next
		// is told so, and nobody must do it twice.
		waiting, cancel := s.waiting(ctx)
		defer cancel()
		_ = s.Replica.WaitFor(waiting, position)
	}
	return err
}

type committer func(context.Context, func(context.Context) (audit.Act, error)) (plugins.Position, error)

// commitBy is commit, with or without haste, and answers the act's place in
// the feed without waiting for it.
func (s *Service) commitBy(ctx context.Context, who access.Actor, tried string, commit committer,
	change func(context.Context, *plan) error,
) (plugins.Position, error) {
	var p *plan
	position, err := commit(ctx, func(ctx context.Context) (audit.Act, error) {
		p = s.newPlan(who)
		if err := change(ctx, p); err != nil {
			return audit.Act{}, err
		}
		return p.act(), nil
	})
	var fault *Error
	switch {
	case errors.As(err, &fault):
		if p.denied != nil {
			s.Audit.Deny(*p.denied)
		}
		return plugins.Position{}, fault
	case errors.Is(err, audit.ErrUncertain):
		return plugins.Position{}, uncertain(tried, err)
	case err != nil:
		return plugins.Position{}, unavailable(tried, err)
	}
	return position, nil
}

// checkVersion refuses to change what is not what the caller saw.
func checkVersion(want string, what fmt.Stringer, is string) error {
	if want == "" || want == is {
		return nil
	}
	return &Error{
		Code: Changed, Field: "version", Message: fmt.Sprintf("%s has changed: it is of version %s now, not %s", what, is, want),
		Hint: "look at it again, and decide anew",
	}
}

// clone gives views and records lists of their own, and never null in JSON.
func clone(values []string) []string { return append([]string{}, values...) }

func jsonOf(view any) json.RawMessage {
	text, err := json.Marshal(view)
	if err != nil {
		panic(err) // views are made of texts, times and lists of them
	}
	return text
}
