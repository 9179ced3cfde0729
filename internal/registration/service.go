package registration

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/forgery"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

// Statements verifies software statements.
type Statements interface {
	// VerifyWithin returns an error that wraps statement.ErrInvalid when, and
	// only when, the statement is at fault, and jws.ErrBudget when the budget
	// did not allow for looking.
	VerifyWithin(raw string, b jws.Budget) (statement.Statement, error)
}

// State is the replicated state.
type State interface {
	// Fresh returns nil while the state may be decided from.
	Fresh() error
	// CatchUp blocks until everything that the store holds is known, and
	// returns an error when nobody can say.
	CatchUp(ctx context.Context) error
	// Now is the store's clock.
	Now() time.Time
	Application(id uuid.UUID) (*application.Application, bool)
	Killed(x *revocation.Subject) (revocation.Kind, bool)
}

// Clients stores clients.
type Clients interface {
	// PutClient returns nil when the client will survive a crash, and
	// state.ErrExists when the id is taken.
	PutClient(ctx context.Context, c state.Client) error
	// FindClients reads those of the clients that there are.
	FindClients(ctx context.Context, ids ...uuid.UUID) ([]state.Client, error)
}

// Limits bounds how much may be registered.
type Limits interface {
	// Register returns nil, or an error with oautherr.TooManyRequests, or an
	// error of the store.
	Register(ctx context.Context, statementID, applicationID uuid.UUID, address netip.Addr) error
	// Network is what a client's record is to say of the address, if anything.
	Network(address netip.Addr) state.Network
	// Registered is told of a client that was stored.
	Registered(c state.Client)
}

// Service registers clients. Statements, State, Clients, Secrets and
// Issuer must be set.
type Service struct {
	Statements Statements
	State      State
	Clients    Clients
	// Secrets gives the keys with which secrets are hashed, or nil while there
	// are none.
	Secrets func() *secret.Keyring
	// Minter makes the secrets; the zero one will do.
	Minter secret.Minter
	// Limits may be nil.
	Limits Limits
	// Forgeries bounds what forged statements cost; it may be nil.
	Forgeries *forgery.Budget
	// ReuseWithin is how long a device that registers again gets the client
	// that it has; zero makes a new one each time.
	ReuseWithin time.Duration
	// Issuer is the gateway's own name as an issuer of statements.
	Issuer string
	// EnforcePlatforms refuses a device whose platform is not among the
	// application's. Off, it is only reported, since devices misreport
	// themselves.
	EnforcePlatforms bool
}

// Registration is what came of a registration: the answer, and what a log line
// and a counter want to know.
type Registration struct {
	Response      Response
	StatementID   uuid.UUID
	ApplicationID uuid.UUID
	Programmer    string
	Platform      string
	// OffPlatform says that the application is not meant for the platform.
	OffPlatform bool
	// Reused says that the client was there already.
	Reused bool

	statement string
}

// Register makes new client credentials from a software statement. It writes
// once to the store, after every check, so that a refused request costs the
// store nothing. Errors are protocol errors or faults of ours; see [OutcomeOf].
func (s *Service) Register(ctx context.Context, q Request) (Registration, error) {
	j, err := s.Judge(ctx, q)
	if err != nil {
		return Registration{}, err
	}
	client, text, reused, err := s.obtain(ctx, j.Statement, q, j.now)
	if err != nil {
		return Registration{}, err
	}
	response, err := s.answer(client, text, j.Application, q.ManagedAt)
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		Response: response, StatementID: j.Statement.ID, ApplicationID: j.Application.ID,
		Programmer: j.Application.Programmer, Platform: string(q.Device.Platform), OffPlatform: j.OffPlatform, Reused: reused,
		statement: q.Statement,
	}, nil
}

// Judgement is what a request to register is worth, before anything comes of it.
type Judgement struct {
	Statement   statement.Statement
	Application *application.Application
	// OffPlatform says that the application is not meant for the platform.
	OffPlatform bool

	now int64
}

// Judge decides about a request as [Service.Register] does, and leaves no
// trace: it asks for no limit, and makes no client.
func (s *Service) Judge(ctx context.Context, q Request) (Judgement, error) {
	// Before the statement is judged: the keys that it is judged by are a part
	// of the state.
	if err := s.State.Fresh(); err != nil {
		return Judgement{}, fmt.Errorf("registering a client: %w", err)
	}
	st, err := s.verify(ctx, q)
	if err != nil {
		return Judgement{}, err
	}
	now := s.State.Now().UnixMilli()
	app, err := s.approve(ctx, st, q, now)
	if err != nil {
		return Judgement{}, err
	}
	for _, uri := range q.RedirectURIs {
		if !app.CoversRedirect(uri) {
			return Judgement{}, refused(RedirectRefused, nil)
		}
	}
	off := !app.Supports(string(q.Device.Platform))
	if off && s.EnforcePlatforms {
		return Judgement{}, refused(PlatformRefused, nil)
	}
	return Judgement{Statement: st, Application: app, OffPlatform: off, now: now}, nil
}

// approve looks for what stops the statement, and finds its application.
func (s *Service) approve(ctx context.Context, st statement.Statement, q Request, now int64) (*application.Application, error) {
	kind, killed := s.State.Killed(&revocation.Subject{
		StatementID: st.ID, ApplicationID: st.ApplicationID, Platform: string(q.Device.Platform),
		Issuer: st.Issuer, KeyID: st.KeyID,
		// What is being registered begins now, so a platform's kill that was
		// lifted before does not stop it.
		ClientIssuedAt: now, TokenIssuedAt: now,
	})
	if killed {
		return nil, refused(killedOutcome(kind), nil)
	}
	if app, found := s.State.Application(st.ApplicationID); found {
		return app, nil
	}
	if err := s.State.CatchUp(ctx); err != nil {
		return nil, fmt.Errorf("looking for application %s: %w", st.ApplicationID, err)
	}
	if app, found := s.State.Application(st.ApplicationID); found {
		return app, nil
	}
	return nil, refused(ApplicationUnknown, fmt.Errorf("application %s", st.ApplicationID))
}

// refused makes the protocol error of an outcome.
func refused(outcome Outcome, cause error) error {
	e := outcomes[outcome]
	return &refusal{outcome, oautherr.New(e.code, e.description).Because(cause)}
}
