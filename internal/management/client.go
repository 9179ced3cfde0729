package management

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// Clients lists the clients that the actor sees, in no order: those of one
// application, or, with the nil id, all. It goes through every client to find
// those of one, so a page can be empty and not the last.
func (s *Service) Clients(ctx context.Context, who access.Actor, app uuid.UUID, part Part) (Clients, error) {
	if err := begin(who, access.ShowClient); err != nil {
		return Clients{}, err
	}
	if app != uuid.Nil {
		if _, err := s.seenApplication(who, access.ShowClient, app); err != nil {
			return Clients{}, err
		}
	}
	if err := s.certain("listing the clients"); err != nil {
		return Clients{}, err
	}
	clients, next, err := scan(ctx, part, s.Records.Clients, func(c state.Client) (Client, bool) {
		if app != uuid.Nil && c.ApplicationID != app || !sees(who, access.ShowClient, s.resourceOfClient(c)) {
			return Client{}, false
		}
		view := s.clientView(c)
		view.StoppedBy = s.stoppedBy(c.Subject(s.Issuer))
		return view, true
	})
	if err != nil {
		return Clients{}, unavailable("listing the clients", err)
	}
	return Clients{Clients: clients, Cursor: next}, nil
}

// resourceOfClient says whose a client is: its application's.
func (s *Service) resourceOfClient(c state.Client) access.Resource {
	return s.resourceOfID(c.ApplicationID)
}

// resourceOfID says whose an application is. One that is not here is the
// operator's.
func (s *Service) resourceOfID(app uuid.UUID) access.Resource {
	a, err := s.application(app)
	if err != nil {
		return access.Resource{}
	}
	return resourceOf(a)
}

// Client shows a client and everything that stops it.
func (s *Service) Client(ctx context.Context, who access.Actor, id uuid.UUID) (Client, error) {
	if err := begin(who, access.ShowClient); err != nil {
		return Client{}, err
	}
	c, err := s.Records.Client(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return Client{}, noClient(id)
	}
	if err != nil {
		return Client{}, unavailable("looking for the client", err)
	}
	if err := s.certain("looking for what stops the client"); err != nil {
		return Client{}, err
	}
	if err := show(who, access.ShowClient, s.resourceOfClient(c), noClient(id)); err != nil {
		return Client{}, err
	}
	view := s.clientView(c)
	subject := c.Subject(s.Issuer)
	view.StoppedBy = s.stoppedBy(subject)
	view.Kills, err = s.stops(ctx, subject)
	return view, err
}

func noClient(id uuid.UUID) error {
	return &Error{
		Code: NotFound, Field: "client", Message: fmt.Sprintf("there is no client %s", id),
		Hint: "list the clients of its application to find its id",
	}
}

// issuerOf fills in what records leave out: that we signed the statement.
func (s *Service) issuerOf(c state.Client) string {
	if c.StatementIssuer == "" {
		return s.Issuer
	}
	return c.StatementIssuer
}

func (s *Service) clientView(c state.Client) Client {
	view := Client{
		ID: c.ID, ApplicationID: c.ApplicationID, StatementID: c.StatementID, StatementIssuer: s.issuerOf(c),
		Platform: c.Platform, RedirectURIs: list(c.RedirectURIs), CreatedAt: moment(c.CreatedAt),
		LastUsed: c.LastSeen().String(),
	}
	if len(c.Keys) > 0 {
		view.AuthMethod = registration.PrivateKeyJWT
	}
	if a, err := s.application(c.ApplicationID); err == nil {
		view.ApplicationName, view.Programmer = a.Name, a.Programmer
	}
	return view
}
