package management

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// listed is what was listed as the newest: those that stand before the last of
// them, and were registered before the census that named them began.
type listed struct {
	last  state.NewestClient
	began int64
}

func (l listed) holds(c state.Client) bool {
	return state.NewestClient{ID: c.ID, CreatedAt: c.CreatedAt}.Compare(l.last) <= 0 && c.CreatedAt < l.began
}

// clientsPlace is a place in the list of an application's clients: after one of
// the newest, or, when these are through, where the store's own list goes on.
type clientsPlace struct {
	after  *state.NewestClient
	listed listed
	cursor string
}

const (
	amongNewest = "n:"
	amongOthers = "o:"
)

func (p clientsPlace) String() string {
	switch {
	case p.after != nil:
		return amongNewest + placeOf(*p.after)
	case p.listed.began != 0:
		return amongOthers + placeOf(p.listed.last) + ":" + strconv.FormatInt(p.listed.began, 36) + ":" + p.cursor
	default:
		return p.cursor
	}
}

func placeOf(n state.NewestClient) string {
	return strconv.FormatInt(n.CreatedAt, 36) + ":" + n.ID.String()
}

// readPlace reads a cursor. That of the store's list is the store's to judge.
func readPlace(text string) (p clientsPlace, err error) {
	rest, newest := strings.CutPrefix(text, amongNewest)
	rest, others := strings.CutPrefix(rest, amongOthers)
	if !newest && !others {
		return clientsPlace{cursor: text}, nil
	}
	created, rest, _ := strings.Cut(rest, ":")
	id, rest, _ := strings.Cut(rest, ":")
	var at state.NewestClient
	if at.CreatedAt, err = strconv.ParseInt(created, 36, 64); err == nil {
		at.ID, err = uuid.Parse(id)
	}
	if newest {
		p.after = &at
	} else if err == nil {
		began, cursor, _ := strings.Cut(rest, ":")
		p = clientsPlace{listed: listed{last: at}, cursor: cursor}
		p.listed.began, err = strconv.ParseInt(began, 36, 64)
	}
	if err != nil {
		return p, wrongCursor()
	}
	return p, nil
}

// newestClients lists those of an application's clients that the last census
// named as its newest, from a place on. It answers the place to go on from, and
// false where it knows nothing of them.
func (s *Service) newestClients(ctx context.Context, app uuid.UUID, from clientsPlace, limit int) ([]state.Client, clientsPlace, bool, error) {
	c := s.counted()
	if c == nil {
		return nil, clientsPlace{}, false, nil
	}
	named, err := s.Records.NewestClients(ctx, *c, app)
	if errors.Is(err, state.ErrNotFound) {
		// Another census is taking its place.
		return nil, clientsPlace{}, false, nil
	}
	if err != nil || len(named) == 0 {
		return nil, clientsPlace{}, false, err
	}
	next := clientsPlace{listed: listed{named[len(named)-1], c.BeganAt}}
	if from.after != nil {
		at, found := slices.BinarySearchFunc(named, *from.after, state.NewestClient.Compare)
		if found {
			at++
		}
		named = named[at:]
	}
	if len(named) > limit {
		named = named[:limit]
		next = clientsPlace{after: &named[limit-1]}
	}
	ids := make([]uuid.UUID, len(named))
	for i, n := range named {
		ids[i] = n.ID
	}
	clients, err := s.Records.FindClients(ctx, ids...)
	clients = slices.DeleteFunc(clients, func(c state.Client) bool { return c.ApplicationID != app })
	return clients, next, true, err
}
