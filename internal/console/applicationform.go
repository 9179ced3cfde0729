package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// applicationForm asks for a new application, or for a new version of one.
type applicationForm struct {
	*form
	making
	Programmers, Channels, Platforms, Scopes, Levels []option
	From                                             *management.Application
	CanBindProxies                                   bool
	// OneChannel says that the visitor creates for single channels alone.
	OneChannel bool
}

// ofApplication are the fields that the form has.
var ofApplication = []string{
	"name", "version", "programmer", "level", "channels", "platforms", "domains", "schemes", "scopes", "proxies",
}

var applicationNames = map[string]string{
	"custom_schemes": "schemes", "proxy_mvpds": "proxies", "application": "name", "idempotency_key": "", "id": "",
}

func newApplication(v *visit) error {
	f := newForm(url.Values{"level": {levelProgrammer}})
	if p := v.query("programmer"); p != "" {
		f.Values.Set("programmer", p)
	}
	if ch := v.query("channel"); ch != "" {
		f.Values["channels"] = []string{ch}
		f.Values.Set("level", levelChannel)
	}
	// Who looks after one channel alone means that one.
	if own := v.ofAny(func(g access.Grant) string { return g.Channel }); len(own) == 1 && len(v.who.Grants) == 1 {
		f.Values["channels"] = own
	}
	if from := v.query("from"); from != "" {
		f.Values.Set("from", from)
		app, err := v.predecessor(f)
		if err != nil {
			return err
		}
		f.Values = valuesOfApplication(*app)
	}
	return v.askApplication(http.StatusOK, f)
}

// predecessor is the application of which the form makes a new version; nil is
// that it makes one that is new.
func (v *visit) predecessor(f *form) (*management.Application, error) {
	id, none := uuid.Parse(f.Value("from"))
	if none != nil {
		return nil, nil //nolint:nilnil,nilerr // there is none
	}
	app, err := v.Management.Application(v.ctx(), v.who, id)
	return &app, err
}

func valuesOfApplication(a management.Application) url.Values {
	values := url.Values{
		"from": {a.ID.String()}, "name": {a.Name}, "programmer": {a.Programmer}, "level": {a.Level},
		"channels": a.Channels, "platforms": a.Platforms, "scopes": a.Scopes,
		"domains": {joined(a.Domains)}, "schemes": {joined(a.CustomSchemes)}, "proxies": {joined(a.ProxyMVPDs)},
	}
	if a.AllChannels {
		values.Set("all_channels", "yes")
	}
	return values
}

func (v *visit) askApplication(status int, f *form) error {
	from, err := v.predecessor(f)
	if err != nil {
		return err
	}
	data := applicationForm{form: f, From: from, CanBindProxies: v.who.IsOperator(), OneChannel: v.oneChannel(f)}
	if err := v.applicationOptions(&data); err != nil {
		return err
	}
	title, back, above := "New application", "/applications", []crumb{{"Applications", "/applications"}}
	if from != nil {
		title, back = "New version", "/applications/"+from.ID.String()
		above = append(above, crumb{from.Name + " " + from.Version, back})
	}
	data.making = v.making(v.wanted(f), "Create", back, false)
	return v.showStatus(status, "applicationform", title, data, above...)
}

// wanted is whose the application would be.
func (v *visit) wanted(f *form) access.Resource {
	of := access.Resource{Programmer: f.Value("programmer")}
	if of.Programmer == "" {
		if own := v.ofAny(func(g access.Grant) string { return g.Programmer }); len(own) == 1 {
			of.Programmer = own[0]
		}
	}
	chosen := f.Values["channels"]
	if f.Value("level") == levelChannel && len(chosen) == 1 || len(chosen) == 1 && !v.allowed(access.CreateApplication, of) {
		of.Channel = chosen[0]
	}
	if own := v.ofAny(func(g access.Grant) string { return g.Channel }); of.Channel == "" && len(own) == 1 && !v.allowed(access.CreateApplication, of) {
		of.Channel = own[0]
	}
	return of
}

// specOf reads what was typed.
func (f *form) application() management.Spec {
	spec := management.Spec{
		Name: strings.TrimSpace(f.Value("name")), Version: strings.TrimSpace(f.Value("version")),
		Programmer: strings.TrimSpace(f.Value("programmer")), Level: f.Value("level"),
		AllChannels: f.Value("all_channels") == "yes", Platforms: f.Values["platforms"],
		Domains: lines(f.Value("domains")), CustomSchemes: lines(f.Value("schemes")), NewScheme: f.Value("new_scheme") == "yes",
		Scopes: f.Values["scopes"], ProxyMVPDs: lines(f.Value("proxies")), Predecessor: f.Value("from"),
	}
	if !spec.AllChannels {
		for _, typed := range f.Values["channels"] {
			spec.Channels = append(spec.Channels, lines(typed)...)
		}
	}
	spec.AllPlatforms = len(spec.Platforms) == 0
	return spec
}

func createApplication(v *visit) error {
	f := v.typed()
	spec := f.application()
	err := v.do(deed{
		change: management.Change{Operation: access.CreateApplication, Application: &spec},
		of:     v.wanted(f),
		now: func(call management.Call) (string, done, error) {
			app, err := v.Management.CreateApplication(v.ctx(), call, spec)
			return "/applications/" + app.ID.String(), doneCreated, err
		},
	})
	return v.again(err, f, applicationNames, ofApplication, func(status int) error {
		if status == http.StatusUnprocessableEntity && spec.Predecessor == "" {
			f.want("name", "Got nothing, want a name.")
			f.want("scopes", "Got none, want at least one.")
			if !spec.AllChannels {
				f.want("channels", "Got none, want one, or all of the programmer's.")
			}
		}
		return v.askApplication(status, f)
	})
}

// again shows a form once more, with what was typed and what is wrong with it.
// What no form can put right is answered as an error.
func (v *visit) again(err error, f *form, names map[string]string, has []string, ask func(int) error) error {
	if err == nil {
		return nil
	}
	e := faultOf(err)
	if e.Code == management.Unavailable {
		return err
	}
	f.blame(e, names, has...)
	return ask(statuses[e.Code])
}
