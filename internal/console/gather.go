package console

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// deed is a change that somebody asks for with a form: it is gathered in a
// change set, or made at once.
type deed struct {
	change management.Change
	// of is whose the thing is, which says what set can hold the change.
	of access.Resource
	// now makes it at once, and answers where to go then, and what was done.
	now func(management.Call) (path string, what done, err error)
}

// making is the end of such a form.
type making struct {
	Sets      []option
	Now, Back string
	// Danger is what takes something away, Urgent what rather happens at once.
	Danger, Urgent bool
}

// newSet is the choice to begin another change set.
const newSet = "new"

// making offers the drafts that can hold a change of that thing. The first is
// the visitor's newest own.
func (v *visit) making(of access.Resource, now, back string, danger bool) making {
	m := making{Now: now, Back: back, Danger: danger}
	list, err := v.Management.ChangeSets(v.who, management.SetFilter{Status: management.Draft}, management.Part{Limit: pageOf})
	if err != nil {
		list.ChangeSets = nil // a new one will do
	}
	for _, set := range list.ChangeSets {
		if holds(set, of) && v.allowed(access.EditChangeSet, access.Resource{Programmer: set.Programmer, Channel: set.Channel}) {
			m.Sets = append(m.Sets, option{Value: set.ID.String(), Text: draftText(set)})
		}
	}
	m.Sets = append(m.Sets, option{Value: newSet, Text: "A new change set"})
	if chosen := v.value("set"); chosen != "" {
		for i := range m.Sets {
			m.Sets[i].Chosen = m.Sets[i].Value == chosen
		}
	}
	return m
}

func draftText(set management.ChangeSet) string {
	text := set.Title
	if text == "" {
		text = "Draft of " + set.CreatedAt.UTC().Format("2 Jan 15:04")
	}
	return text + " (" + countOf(set.Count, "change", "changes") + ", " + set.Owner + ")"
}

// holds says whether the set's place is one for the thing.
func holds(set management.ChangeSet, of access.Resource) bool {
	return set.Programmer == "" || set.Programmer == of.Programmer && (set.Channel == "" || set.Channel == of.Channel)
}

// place is the widest one of the visitor's in which the thing lies.
func (v *visit) place(of access.Resource) management.ChangeSetSpec {
	switch {
	case v.allowed(access.EditChangeSet, access.Resource{}):
		return management.ChangeSetSpec{}
	case v.allowed(access.EditChangeSet, access.Resource{Programmer: of.Programmer}):
		return management.ChangeSetSpec{Programmer: of.Programmer}
	default:
		return management.ChangeSetSpec{Programmer: of.Programmer, Channel: of.Channel}
	}
}

// do carries a deed out as the form says.
func (v *visit) do(d deed) error {
	if v.value("do") == "now" {
		path, what, err := d.now(v.call())
		if err != nil {
			return err
		}
		return v.to(path, what)
	}
	set, err := v.gather(d)
	if err != nil {
		return err
	}
	return v.to("/changes/"+set.String(), doneGathered)
}

// gather adds the change to the set that the form names. A new set is begun for
// it, and discarded should the change be none that can be made.
func (v *visit) gather(d deed) (uuid.UUID, error) {
	d.change.IfVersion = v.value("version")
	call := management.Call{Actor: v.who}
	if chosen, err := uuid.Parse(v.value("set")); err == nil {
		_, err = v.Management.AddChange(v.ctx(), call, chosen, d.change)
		return chosen, err
	}
	spec := v.place(d.of)
	spec.Title = v.value("title")
	begun, err := v.Management.CreateChangeSet(v.ctx(), management.Call{Actor: v.who, Key: v.key()}, spec)
	if err != nil && faultOf(err).Code == management.NotFound {
		// The same form was sent before, and its set is gone: it held nothing.
		begun, err = v.Management.CreateChangeSet(v.ctx(), call, spec)
	}
	if err != nil {
		return uuid.Nil, err
	}
	if begun.Count > 0 {
		return begun.ID, nil // the same form, sent twice to two gateways
	}
	_, err = v.Management.AddChange(v.ctx(), call, begun.ID, d.change)
	if err != nil {
		// An empty draft that stays is no harm, so that this error is the one to show.
		_ = v.Management.DiscardChangeSet(v.ctx(), call, begun.ID)
	}
	return begun.ID, err
}

// numbered reads a number of a form.
func (v *visit) numbered(name string) int {
	n, err := strconv.Atoi(v.value(name))
	if err != nil {
		return 0
	}
	return n
}

// ofAny are the programmers, or the channels, that the visitor's roles name.
func (v *visit) ofAny(which func(access.Grant) string) []string {
	var names []string
	for _, g := range v.who.Grants {
		if name := which(g); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
