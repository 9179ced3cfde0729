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

// Clients lists the clients that the actor sees: those of one application, or,
// with the nil id, all. They come in no order; where there are very many, those
// of one application begin with the newest as of the last census. It goes
// through every client to find the others, for as long as one call may take, so
// a page can be empty and not the last.
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
	if app != uuid.Nil {
		return s.clientsOfApplication(ctx, app, part)
	}
	clients, next, err := scan(ctx, part, s.Records.Clients, func(c state.Client) (Client, bool) {
		if !sees(who, access.ShowClient, s.resourceOfClient(c)) {
			return Client{}, false
		}
		return s.listedClient(c), true
	})
	if err != nil {
		return Clients{}, unlisted("listing the clients", err)
	}
	return Clients{Clients: clients, Cursor: next}, nil
}

// clientsOfApplication lists the clients of an application that the actor sees.
func (s *Service) clientsOfApplication(ctx context.Context, app uuid.UUID, part Part) (Clients, error) {
	place, err := readPlace(part.Cursor)
	if err != nil {
		return Clients{}, err
	}
	if part.Cursor == "" || place.after != nil {
		newest, next, known, err := s.newestClients(ctx, app, place, pageSize(part.Limit))
		if err != nil {
			return Clients{}, unavailable("listing the newest clients", err)
		}
		if known {
			list := Clients{Clients: []Client{}, Cursor: next.String()}
			for _, c := range newest {
				list.Clients = append(list.Clients, s.listedClient(c))
			}
			return list, nil
		}
		place = clientsPlace{}
	}
	read := func(ctx context.Context, cursor string, limit int) ([]state.Client, string, error) {
		return s.Records.ClientsOf(ctx, app, cursor, limit)
	}
	clients, next, err := scan(ctx, Part{place.cursor, part.Limit}, read, func(c state.Client) (Client, bool) {
		if place.listed.holds(c) {
			return Client{}, false
		}
		return s.listedClient(c), true
	})
	if err != nil {
		return Clients{}, unlisted("listing the clients", err)
	}
	if next != "" {
		place.cursor = next
		next = place.String()
	}
	return Clients{Clients: clients, Cursor: next}, nil
}

// listedClient is how a client is shown in a list.
func (s *Service) listedClient(c state.Client) Client {
	view := s.clientView(c)
	view.StoppedBy = s.stoppedBy(c.Subject(s.Issuer))
	return view
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
