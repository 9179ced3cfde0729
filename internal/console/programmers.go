package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// programmersPage lists programmers.
type programmersPage struct {
	Programmers []management.Programmer
	First, Next string
	CanCreate   bool
}

func listProgrammers(v *visit) error {
	list, err := v.Management.Programmers(v.who, v.part())
	if err != nil {
		return err
	}
	data := programmersPage{Programmers: list.Programmers, CanCreate: v.ever(access.CreateProgrammer)}
	data.First, data.Next = v.pages(list.Cursor)
	return v.show("programmers", "Programmers", data)
}

// programmerPage shows one programmer with what is its own.
type programmerPage struct {
	management.Programmer
	Channels                        []management.Channel
	Applications                    []management.Application
	MoreChannels, MoreApplications  bool
	CanUpdate, CanDelete, CanCreate bool
	CanAddChannel, CanMakeRecord    bool
}

// shownOf is how many of a programmer's channels and applications its page has.
const shownOf = 25

func showProgrammer(v *visit) error {
	p, err := v.Management.Programmer(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	of := access.Resource{Programmer: p.ID}
	fixed := p.Declared || p.Implied || p.ManagedBy != ""
	data := programmerPage{
		Programmer: p, CanUpdate: !fixed && v.allowed(access.UpdateProgrammer, of), CanDelete: !fixed && v.allowed(access.DeleteProgrammer, of),
		CanCreate: v.allowed(access.CreateApplication, of), CanAddChannel: !p.Implied && v.ever(access.CreateChannel),
		CanMakeRecord: p.Implied && v.ever(access.CreateProgrammer),
	}
	channels, err := v.Management.Channels(v.who, p.ID, management.Part{Limit: shownOf})
	if err != nil {
		return err
	}
	data.Channels, data.MoreChannels = channels.Channels, channels.Cursor != ""
	apps, err := v.Management.Applications(v.who, management.Filter{Programmer: p.ID}, management.Part{Limit: shownOf})
	if err != nil {
		return err
	}
	data.Applications, data.MoreApplications = apps.Applications, apps.Cursor != ""
	return v.show("programmer", p.Name, data, crumb{"Programmers", "/programmers"})
}

// programmerForm asks what to make of a programmer.
type programmerForm struct {
	*form
	making
	ID  string
	New bool
}

var ofProgrammer = []string{"id", "name", "schemes", "new_scheme"}

var programmerNames = map[string]string{"custom_schemes": "schemes", "programmer": "id", "idempotency_key": ""}

func newProgrammer(v *visit) error {
	return v.askProgrammer(http.StatusOK, newForm(url.Values{"id": {v.query("id")}}), "")
}

func (v *visit) askProgrammer(status int, f *form, id string) error {
	data := programmerForm{form: f, ID: id, New: id == ""}
	if id == "" {
		data.making = v.making(access.Resource{}, "Create", "/programmers", false)
		return v.showStatus(status, "programmerform", "New programmer", data, crumb{"Programmers", "/programmers"})
	}
	at := "/programmers/" + url.PathEscape(id)
	data.making = v.making(access.Resource{Programmer: id}, "Change it", at, false)
	return v.showStatus(status, "programmerform", "Change "+id, data, crumb{"Programmers", "/programmers"}, crumb{id, at})
}

func (f *form) programmer() management.ProgrammerSpec {
	return management.ProgrammerSpec{
		Name: strings.TrimSpace(f.Value("name")), CustomSchemes: lines(f.Value("schemes")), NewScheme: f.Value("new_scheme") == "yes",
	}
}

func createProgrammer(v *visit) error {
	f := v.typed()
	id, spec := v.value("id"), f.programmer()
	err := v.do(deed{
		change: management.Change{Operation: access.CreateProgrammer, ID: id, Programmer: &spec},
		now: func(call management.Call) (string, done, error) {
			p, err := v.Management.CreateProgrammer(v.ctx(), call, id, spec)
			return "/programmers/" + url.PathEscape(p.ID), doneCreated, err
		},
	})
	return v.again(err, f, programmerNames, ofProgrammer, func(status int) error { return v.askProgrammer(status, f, "") })
}

func editProgrammer(v *visit) error {
	p, err := v.Management.Programmer(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	f := newForm(url.Values{"name": {p.Name}, "schemes": {joined(p.CustomSchemes)}})
	f.Version = p.Version
	return v.askProgrammer(http.StatusOK, f, p.ID)
}

func updateProgrammer(v *visit) error {
	f, id := v.typed(), v.r.PathValue("id")
	spec := f.programmer()
	err := v.do(deed{
		change: management.Change{Operation: access.UpdateProgrammer, ID: id, Programmer: &spec},
		of:     access.Resource{Programmer: id},
		now: func(call management.Call) (string, done, error) {
			_, err := v.Management.UpdateProgrammer(v.ctx(), call, id, spec)
			return "/programmers/" + url.PathEscape(id), doneUpdated, err
		},
	})
	return v.againOf(err, f, programmerNames, ofProgrammer, func(status int) error { return v.askProgrammer(status, f, id) })
}

// againOf is again for a thing that is there: one that is not the visitor's to
// change is answered as such, and not with the form.
func (v *visit) againOf(err error, f *form, names map[string]string, has []string, ask func(int) error) error {
	if err != nil {
		if code := faultOf(err).Code; code == management.NotFound || code == management.Forbidden {
			return err
		}
	}
	return v.again(err, f, names, has, ask)
}

func askDeleteProgrammer(v *visit) error {
	p, err := v.Management.Programmer(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.askDelete(http.StatusOK, deletion{
		form: withVersion(p.Version), word: "programmer", ID: p.ID, folder: "/programmers", of: access.Resource{Programmer: p.ID},
	})
}

func deleteProgrammer(v *visit) error {
	id := v.r.PathValue("id")
	return v.delete(deletion{form: v.typed(), word: "programmer", ID: id, folder: "/programmers", of: access.Resource{Programmer: id}},
		management.Change{Operation: access.DeleteProgrammer, ID: id},
		func(call management.Call) error { return v.Management.DeleteProgrammer(v.ctx(), call, id) })
}
