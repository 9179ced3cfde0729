package console

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// findPage finds a client by its id, and says how many there are.
type findPage struct {
	Form   *form
	Census *management.Census
	Bars   []bar
}

// countedShown is how many applications the pages show that have the most clients.
const countedShown = 20

func findClient(v *visit) error {
	f := newForm(url.Values{"id": {v.query("id")}})
	if id := v.query("id"); id != "" {
		parsed, err := uuid.Parse(id)
		if err == nil {
			_, err = v.Management.Client(v.ctx(), v.who, parsed)
			if err == nil {
				return v.to("/clients/"+parsed.String(), "")
			}
		} else {
			_, err = management.ParseID("id", id)
		}
		fault := faultOf(err)
		if fault.Code == management.Unavailable {
			return err
		}
		f.blame(fault, map[string]string{"client": "id"}, "id")
		return v.showClients(statuses[fault.Code], f)
	}
	return v.showClients(http.StatusOK, f)
}

func (v *visit) showClients(status int, f *form) error {
	data := findPage{Form: f}
	census, err := v.census(countedShown)
	if err != nil {
		return err
	}
	data.Census = census
	if census != nil {
		data.Bars = barsOf(census.Platforms)
	}
	return v.showStatus(status, "clients", "Clients", data)
}

// census is the last count of all clients, or nil before the first.
func (v *visit) census(limit int) (*management.Census, error) {
	census, err := v.Management.LastCensus(v.who, limit)
	if err != nil && faultOf(err).Code == management.NotFound {
		return nil, nil //nolint:nilnil // nobody has counted
	}
	return &census, err
}

// clientPage shows one client.
type clientPage struct {
	management.Client
	CanRevoke bool
}

func showClient(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	client, err := v.Management.Client(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	data := clientPage{Client: client, CanRevoke: v.allowed(access.RevokeClient, v.ofApplication(client.ApplicationID))}
	for _, kill := range client.Kills {
		if kill.Kind == "client" {
			data.CanRevoke = false
		}
	}
	return v.show("client", "Client "+short(id), data, crumb{"Clients", "/clients"})
}
