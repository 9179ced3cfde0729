package console

import (
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// effect is what a kill switch stops.
type effect struct {
	// Clients is how many stop, as far as that is known.
	Clients uint64
	Known   bool
	// AtMost says that it is a part of that number.
	AtMost bool
	// AsOf is the census that counted.
	AsOf  management.Census
	Texts []string
}

// stopping finds out what a kill switch stops, and whose that is.
func (v *visit) stopping(target revocation.Target, data *killPage) (access.Resource, error) {
	census, err := v.Management.LastCensus(v.who, 1)
	if e := faultOf(err); err != nil && e.Code != management.NotFound {
		return access.Resource{}, err
	}
	data.Effect.Known = err == nil
	data.Effect.AsOf = census
	id, _ := uuid.Parse(target.ID)
	switch target.Kind {
	case revocation.Application:
		return v.stoppingApplication(id, data)
	case revocation.Client:
		client, err := v.Management.Client(v.ctx(), v.who, id)
		if err != nil {
			return v.unknownTarget(err)
		}
		data.Effect.Known, data.Effect.Clients = true, 1
		data.Effect.Texts = []string{"This one install stops. It can register again, as long as its statement lives."}
		return v.ofApplication(client.ApplicationID), nil
	case revocation.Statement:
		return v.stoppingStatement(data)
	case revocation.Platform:
		data.Effect.Clients, data.Effect.Known = census.Platforms[target.ID], data.Effect.Known && v.overall()
		data.Effect.Texts = []string{"Every client on " + target.ID + " stops, of every programmer.", "When it is lifted, these clients have to register again."}
	case revocation.Channel:
		return v.stoppingChannel(target.ID, data)
	case revocation.Issuer:
		data.Effect.Known = false
		data.Effect.Texts = []string{"Every client that registered with a statement of this issuer stops.", "It is for good."}
	case revocation.Key:
		data.Effect.Known = false
		data.Effect.Texts = []string{"Whatever this key has signed is refused: statements with their clients, or access tokens.", "It is for good."}
	default:
		data.Effect.Known = false
		data.Effect.Texts = []string{"This one access token is refused. Its client can get another."}
	}
	return access.Resource{}, nil
}

// unknownTarget lets an operator go on with what is on no record.
func (v *visit) unknownTarget(err error) (access.Resource, error) {
	if faultOf(err).Code == management.NotFound && v.who.IsOperator() {
		return access.Resource{}, nil
	}
	return access.Resource{}, err
}

func (v *visit) ofApplication(id uuid.UUID) access.Resource {
	app, err := v.Management.Application(v.ctx(), v.who, id)
	if err != nil {
		return access.Resource{}
	}
	return resourceOf(app)
}

func (v *visit) stoppingApplication(id uuid.UUID, data *killPage) (access.Resource, error) {
	app, err := v.Management.Application(v.ctx(), v.who, id)
	if err != nil {
		return access.Resource{}, err
	}
	data.Name = app.Name + " " + app.Version
	if app.Clients != nil {
		data.Effect.Clients, data.Effect.Known = app.Clients.Live, true
	}
	data.Effect.Texts = []string{
		"Its clients are refused at once, on every gateway, and its statements register nobody any more.",
		"It is for good. A successor needs an application, and statements, of its own.",
	}
	return resourceOf(app), nil
}

// stoppingStatement cannot say how many clients a statement has, but that it is
// not more than its application: the census shows what it counted of those.
func (v *visit) stoppingStatement(data *killPage) (access.Resource, error) {
	data.Effect.Known = false
	if app, err := v.applicationNamed(); err == nil && app.Clients != nil {
		data.Effect.Clients, data.Effect.Known, data.Effect.AtMost = app.Clients.Live, true, true
	}
	data.Effect.Texts = []string{
		"Every client that registered with this statement stops, and it registers nobody any more. Other statements of the application go on.",
		"It is for good. Issue another, and ship the app with that.",
	}
	if app, err := v.applicationNamed(); err == nil {
		return resourceOf(app), nil
	}
	return v.ownPlace(), nil
}

// applicationNamed is the application that a link to revoke its statement names.
func (v *visit) applicationNamed() (management.Application, error) {
	id, err := management.ParseID("application", v.r.FormValue("application"))
	if err != nil {
		return management.Application{}, err
	}
	return v.Management.Application(v.ctx(), v.who, id)
}

// ownPlace is the place of the visitor's first role.
func (v *visit) ownPlace() access.Resource {
	for _, g := range v.who.Grants {
		return access.Resource{Programmer: g.Programmer, Channel: g.Channel}
	}
	return access.Resource{}
}

func (v *visit) stoppingChannel(id string, data *killPage) (access.Resource, error) {
	var of access.Resource
	ch, err := v.Management.Channel(v.who, id)
	if err == nil {
		of = access.Resource{Programmer: ch.Programmer, Channel: ch.ID}
	} else if of, err = v.unknownTarget(err); err != nil {
		return of, err
	}
	apps, err := v.Management.Applications(v.who, management.Filter{Channel: id, Living: true}, management.Part{Limit: counted})
	if err != nil {
		return of, err
	}
	data.Effect.Known = false
	data.Effect.Texts = []string{
		"Every token that was issued until now is refused for this channel, whatever application it is of. Other channels go on.",
		"When it is lifted, clients need new tokens for it.",
	}
	return of, v.serving(apps, data)
}

// counted is of how many applications the clients are added up.
const counted = 1000

// serving says how many clients the applications have that serve a channel.
func (v *visit) serving(apps management.Applications, data *killPage) error {
	if len(apps.Applications) == 0 {
		data.Effect.Texts = append(data.Effect.Texts, "No application that you can see serves it: compare its spelling.")
		return nil
	}
	census, err := v.census(counted)
	if err != nil || census == nil || census.More || apps.Cursor != "" {
		return err
	}
	clients := map[uuid.UUID]uint64{}
	for _, c := range census.Applications {
		clients[c.ID] = c.Live
	}
	var live uint64
	for _, app := range apps.Applications {
		live += clients[app.ID]
	}
	data.Effect.Texts = append(data.Effect.Texts, countOf(len(apps.Applications), "application serves it, with ", "applications serve it, with ")+countOf(live, "live client.", "live clients."))
	return nil
}
