package census

import (
	"slices"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const (
	// manyClients is from how many clients on the newest are named. Fewer are
	// all looked at in no time, and then none is missed that came since.
	manyClients = 20_000
	// newestOf is how many of its newest clients a census names of each
	// application, and newestRoom how many of all applications: 3 MB in the
	// store, and up to twice that at the gateway that counts. With many
	// applications there are fewer of each.
	newestOf   = 100
	newestRoom = 1 << 17
)

// newest keeps the newest clients of each application, in bounded room.
type newest struct {
	each, room int
	total      int
	// full says that there are more applications than places. Those that come
	// from then on have none.
	full bool
	of   map[uuid.UUID][]state.NewestClient
}

func (n *newest) add(app uuid.UUID, c state.NewestClient) {
	known := n.of[app]
	if n.of == nil {
		n.of = map[uuid.UUID][]state.NewestClient{}
	}
	if known == nil && n.full {
		return
	}
	n.of[app] = append(known, c)
	n.total++
	if len(n.of[app]) >= 2*n.each {
		n.cut(app)
	}
	for n.total > n.room && !n.full {
		if n.each == 1 {
			n.full = true
			return
		}
		n.each /= 2
		n.cutAll()
	}
}

// cut leaves an application the newest of its clients, the newest first.
func (n *newest) cut(app uuid.UUID) {
	known := n.of[app]
	slices.SortFunc(known, state.NewestClient.Compare)
	kept := min(len(known), n.each)
	n.total -= len(known) - kept
	n.of[app] = known[:kept:kept]
}

func (n *newest) cutAll() {
	for app := range n.of {
		n.cut(app)
	}
}
