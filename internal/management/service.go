// Package management is what an operator can do to applications, software
// statements, clients and kill switches.
package management

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/keyring"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

const (
	// certainWithin is how young the replica must be before "there is no such
	// thing" is believed. An older one may simply not have heard of it.
	certainWithin = 5 * time.Second
	// defaultWait is how long a change waits to be seen everywhere.
	defaultWait = 2 * time.Second
	// clockMargin keeps a token's kill beyond the token's end, since expired
	// tokens pass for another minute where clocks differ.
	clockMargin = 5 * time.Minute
)

// Statements makes and checks software statements.
type Statements interface {
	// Mint signs a new statement for the application.
	Mint(app uuid.UUID) (raw string, st statement.Statement, err error)
	// Renew signs a statement anew that was issued before.
	Renew(app, id uuid.UUID, issuedAt time.Time) (raw string, st statement.Statement, err error)
	// Verify returns an error that wraps statement.ErrInvalid when, and only
	// when, the statement is at fault.
	Verify(raw string) (statement.Statement, error)
}

// Service carries out what an operator asks for. Every error that it returns
// is an [*Error].
type Service struct {
	Records state.Records
	Replica *state.Replica
	Nodes   *state.Nodes
	Audit   *audit.Log
	// Declared are the applications that the configuration owns, and those
	// below the programmers and channels, by id.
	Declared            map[uuid.UUID]*application.Application
	DeclaredProgrammers map[string]roster.Programmer
	DeclaredChannels    map[string]roster.Channel
	Statements          Statements
	// Issuer is the gateway's own name in statements and tokens, and
	// TrustedIssuers are the others whose statements it accepts.
	Issuer         string
	TrustedIssuers []string
	// TokenLifetime is the longest that a token can live; a token's kill is
	// forgotten after that. Zero keeps it for ever.
	TokenLifetime time.Duration
	// Mover moves the gateway to another store.
	Mover Mover
	// Refusals remembers refused requests.
	Refusals Refusals
	// Trials tries requests out.
	Trials Trials
	// Guarded lists the guarded routes of the configuration.
	Guarded func() []Route
	// Revoked is told of each kill switch that was thrown for the first time,
	// once it is known who has applied it. It may be nil.
	Revoked func(Revocation)
	// Keys are the gateway's own; Signing says which algorithm each kind has
	// that is used now, and Ahead for how long a new one is published before it
	// signs, unless somebody says otherwise.
	Keys    *keyring.Ring
	Signing map[state.KeyUse]jws.Algorithm
	Ahead   time.Duration
	// Examined looks at how the gateway is set up.
	Examined func(ctx context.Context, ignored []doctor.Check) doctor.Report
	// Census gives the last count of all clients, or nil. It may be nil itself.
	Census func() *state.Census
	// Wait is how long a change waits for the gateways to apply it; zero is 2s.
	Wait time.Duration
}

func (s *Service) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	wait := s.Wait
	if wait == 0 {
		wait = defaultWait
	}
	return context.WithTimeout(ctx, wait)
}

// certain says whether the replica may be believed when it knows of nothing.
func (s *Service) certain(tried string) error {
	if err := s.Replica.Fresh(certainWithin); err != nil {
		return unavailable(tried, err)
	}
	return nil
}

// application finds an application, wherever it is registered.
func (s *Service) application(id uuid.UUID) (*application.Application, error) {
	if a, declared := s.Declared[id]; declared {
		return a, nil
	}
	if a, found := s.Replica.Application(id); found {
		return a, nil
	}
	if err := s.certain("looking for application " + id.String()); err != nil {
		return nil, err
	}
	return nil, noApplication(id)
}

// stops gathers the kills that stop the subject, the widest first. Where the
// store cannot say by whom and why, they come without that, and with an error.
func (s *Service) stops(ctx context.Context, x revocation.Subject) ([]Kill, error) {
	parts := []struct {
		kind    revocation.Kind
		id      string
		subject revocation.Subject
	}{
		{revocation.Application, x.ApplicationID.String(), revocation.Subject{ApplicationID: x.ApplicationID}},
		{revocation.Statement, x.StatementID.String(), revocation.Subject{StatementID: x.StatementID}},
		{revocation.Client, x.ClientID.String(), revocation.Subject{ClientID: x.ClientID}},
		{revocation.Issuer, x.Issuer, revocation.Subject{Issuer: x.Issuer}},
		{revocation.Platform, x.Platform, revocation.Subject{Platform: x.Platform, ClientIssuedAt: x.ClientIssuedAt}},
		{revocation.Key, x.KeyID, revocation.Subject{KeyID: x.KeyID}},
		{revocation.Token, x.TokenID.String(), revocation.Subject{TokenID: x.TokenID}},
	}
	var kills []Kill
	var failed error
	for _, part := range parts {
		if _, killed := s.Replica.Killed(&part.subject); killed {
			kill, err := s.killOf(ctx, part.kind, part.id)
			kills, failed = append(kills, kill), cmp.Or(failed, err)
		}
	}
	if _, killed := s.Replica.Killed(&revocation.Subject{StatementKey: x.StatementKey}); killed {
		record, err := s.killOfKey(ctx, x.StatementKey)
		if err != nil {
			record, err = state.Kill{Kind: revocation.Key}, unavailable("reading why the statement's key is revoked", err)
		}
		kills, failed = append(kills, killView(record)), cmp.Or(failed, err)
	}
	return kills, failed
}

// killOf tells the story of a kill that is known to be there. Its record may
// have gone all the same.
func (s *Service) killOf(ctx context.Context, kind revocation.Kind, id string) (Kill, error) {
	record, err := s.Records.Kill(ctx, kind, id)
	switch {
	case errors.Is(err, state.ErrNotFound):
		return killView(state.Kill{Kind: kind, ID: id}), nil
	case err != nil:
		return killView(state.Kill{Kind: kind, ID: id}), unavailable("reading why it is revoked", err)
	}
	return killView(record), nil
}

// killOfKey finds the kill of a key of which a client's record holds only the
// reference.
func (s *Service) killOfKey(ctx context.Context, ref revocation.KeyRef) (state.Kill, error) {
	for cursor := ""; ; {
		kills, next, err := s.Records.KillsOf(ctx, revocation.Key, cursor, largestPage)
		if err != nil {
			return state.Kill{}, err
		}
		for _, kill := range kills {
			if revocation.RefOf(kill.ID) == ref {
				return kill, nil
			}
		}
		if cursor = next; cursor == "" {
			return state.Kill{Kind: revocation.Key}, nil // its story has gone, as above
		}
	}
}

// stoppedBy names the kill that stops the subject, or nothing.
func (s *Service) stoppedBy(x revocation.Subject) string {
	kind, _ := s.Replica.Killed(&x)
	return string(kind)
}

// ParseID reads a UUID in its usual form, and says which field was at fault.
func ParseID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	// The other spellings that the library reads would become ids that look
	// different in our answers from what was asked.
	if err != nil || len(text) != len(uuid.Nil.String()) || id == uuid.Nil {
		return uuid.Nil, invalid(field, fmt.Sprintf("got %q, want a UUID", text), "such as 897029da-2b35-429e-ad45-6f6bf5de7a95")
	}
	return id, nil
}
