package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/console"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var (
	auditAll management.AuditFilter
	setAll   management.SetFilter
)

func part(limit int) management.Part { return management.Part{Limit: limit} }

// location is where an answer sends its reader.
func location(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, answer.Code, answer.Body.String())
	return answer.Header().Get("Location")
}

// fields are what a page's form would send as it stands.
func (s sheet) fields(t *testing.T, action string) url.Values {
	t.Helper()
	values := url.Values{}
	for _, form := range s.all("form") {
		if value(form, "action") != action {
			continue
		}
		for n := range form.Descendants() {
			name := value(n, "name")
			_, checked := attribute(n, "checked")
			kind := value(n, "type")
			switch {
			case n.Data == "input" && (checked || kind == "hidden" || kind == "text"):
				values.Add(name, value(n, "value"))
			case n.Data == "textarea" && n.FirstChild != nil:
				values.Add(name, n.FirstChild.Data)
			case n.Data == "option":
				if _, chosen := attribute(n, "selected"); chosen {
					values.Set(value(n.Parent, "name"), value(n, "value"))
				}
			}
		}
		return values
	}
	t.Fatalf("%s has no form to %s", s.path, action)
	return nil
}

func (w *world) page(a access.Actor, path string) sheet {
	w.t.Helper()
	answer := w.get(a, path)
	require.Equal(w.t, http.StatusOK, answer.Code, "%s: %s", path, answer.Body.String())
	return read(w.t, path, answer.Body.String())
}

func with(values url.Values, pairs ...string) url.Values {
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// The way of a programmer's admin: gather, review, push, download, revoke.
func TestAnApplicationsLife(t *testing.T) {
	w := newWorld(t)
	w.fill()
	form := w.page(paul, "/applications/new").fields(t, "/applications/new")
	form = with(form, "name", "Living room", "programmer", "REF", "level", "programmer", "channels", "REF30", "scopes", "api:client:v2", "set", "new", "do", "gather")
	review := location(t, w.post(paul, "/applications/new", form))
	assert.Contains(t, review, "done=gathered")
	assert.NotContains(t, w.get(paul, "/applications").Body.String(), "Living room", "nothing has changed yet")

	set := w.page(paul, review)
	assert.Contains(t, set.text, "Living room")
	path, _, _ := strings.Cut(review, "?")
	pushed := location(t, w.post(paul, path+"/push", set.fields(t, path+"/push")))
	assert.Contains(t, w.get(paul, pushed).Body.String(), "Pushed. All of it took effect at once.")

	apps, err := w.service.Applications(paul, management.Filter{Programmer: "REF"}, part(0))
	require.NoError(t, err)
	var app management.Application
	for _, a := range apps.Applications {
		if a.Name == "Living room" {
			app = a
		}
	}
	at := "/applications/" + app.ID.String()
	page := w.page(paul, at)
	assert.Contains(t, page.text, "No statement yet")
	assert.Contains(t, page.text, "curl -sS https://sp.example.com/o/client/register")
	assert.Contains(t, page.text, "https://sp.example.com/api/v2/REF30/configuration")

	download := page.fields(t, at+"/statements")
	first := w.post(paul, at+"/statements", download)
	assert.Equal(t, http.StatusOK, first.Code)
	assert.Equal(t, `attachment; filename="Living-room-1.jwt"`, first.Header().Get("Content-Disposition"))
	assert.Len(t, strings.Split(first.Body.String(), "."), 3)
	w.post(paul, at+"/statements", download)
	list, err := w.service.StatementsOf(within(t), paul, app.ID, management.StatementFilter{}, part(0))
	require.NoError(t, err)
	assert.Len(t, list.Statements, 1, "the same form, sent twice, is one download")

	ask := "/kills/new?kind=application&id=" + app.ID.String()
	kill := with(w.page(paul, ask).fields(t, "/kills/new"), "reason", "leaked", "do", "now")
	after := w.get(paul, location(t, w.post(paul, "/kills/new", kill))).Body.String()
	assert.Contains(t, after, "Revoked. Every gateway that reports refuses it now.")
	assert.Contains(t, after, "gateway-1 applied it after")
	assert.Contains(t, after, "leaked")

	back := w.post(paul, path+"/roll-back", w.page(paul, path).fields(t, path+"/roll-back"))
	assert.Equal(t, http.StatusConflict, back.Code)
	assert.Contains(t, back.Body.String(), "was revoked already", "what was revoked since cannot be once more")
}

func TestAPushThatIsRolledBack(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	path := "/changes/" + x.draft.ID.String()
	location(t, w.post(paul, path+"/push", w.page(paul, path).fields(t, path+"/push")))
	assert.Contains(t, w.page(paul, "/channels/REF31").text, "Thirty-one")
	location(t, w.post(paul, path+"/roll-back", w.page(paul, path).fields(t, path+"/roll-back")))
	assert.NotContains(t, w.page(paul, "/channels/REF31").text, "Thirty-one")
	assert.Contains(t, w.page(paul, path).text, "Rolled back")
}

func TestAFormThatIsWrongSaysWhereAndKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	w.fill()
	for name, test := range map[string]struct {
		path, action string
		typed        []string
		wrong        []string
		keeps        []string
	}{
		"an application without scopes": {
			"/applications/new", "/applications/new",
			[]string{"name", "Half <done>", "programmer", "REF", "channels", "REF30", "do", "now"}, []string{"scopes"}, []string{`value="Half &lt;done&gt;"`},
		},
		"an application of which nothing is said": {
			"/applications/new", "/applications/new", []string{"do", "now"}, []string{"name", "channels", "scopes"}, nil,
		},
		"an application of two mistakes": {
			"/applications/new", "/applications/new",
			[]string{"name", "", "programmer", "RE F", "channels", "REF30", "scopes", "api:client:v2", "do", "now"}, []string{"name", "programmer"}, nil,
		},
		"a channel with a bad domain": {
			"/channels/REF30/edit", "/channels/REF30/edit",
			[]string{"name", "New name", "domains", "not a domain!", "do", "gather"}, []string{"domains"}, []string{`value="New name"`, "domain!"},
		},
		"a programmer whose id is taken": {
			"/programmers/new", "/programmers/new", []string{"id", "REF", "do", "now"}, []string{"id"}, []string{`value="REF"`},
		},
		"a scope without a name": {
			"/catalogue/scopes/new", "/catalogue/scopes/new", []string{"description", "for nothing", "do", "now"}, []string{"name"}, []string{"for nothing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			form := with(w.page(olga, test.path).fields(t, test.action), test.typed...)
			answer := w.post(olga, test.action, form)
			assert.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusConflict}, answer.Code, answer.Body.String())
			page := read(t, test.path, answer.Body.String())
			page.checkNames(t)
			require.NotNil(t, page.withID("errors"))
			assert.Equal(t, "alert", value(page.withID("errors"), "role"))
			for _, field := range test.wrong {
				assert.Contains(t, page.text, `href="#f-`+field+`"`, "the summary leads to the field")
				require.NotNil(t, page.withID("f-"+field))
				require.NotNil(t, page.withID("e-"+field), "the field says what is wrong")
				assert.Contains(t, value(page.withID("f-"+field), "aria-describedby"), "e-"+field)
			}
			for _, text := range test.keeps {
				assert.Contains(t, page.text, text)
			}
		})
	}
}

func TestAFormBeyondTheBound(t *testing.T) {
	w := newWorld(t)
	answer := w.post(paul, "/applications/new", url.Values{"name": {strings.Repeat("a", 256<<10)}})
	assert.Equal(t, http.StatusRequestEntityTooLarge, answer.Code)
	assert.Contains(t, answer.Body.String(), "The form is larger than 256 KiB, so nothing was done.")
}

func TestAKillSwitchThatIsMisspeltIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.fill()
	answer := w.get(olga, "/kills/new?kind=platform&id=Rokuu")
	assert.Equal(t, http.StatusUnprocessableEntity, answer.Code)
	page := read(t, "/kills/new", answer.Body.String())
	page.checkNames(t)
	assert.Contains(t, page.text, `href="#f-id"`)
	assert.Equal(t, "Rokuu", value(page.withID("f-id"), "value"))
}

func TestWhatIsOnNoRecordIsRevokedByWhoMeansIt(t *testing.T) {
	w := newWorld(t)
	w.fill()
	const unknown = "1b214925-f241-41c2-ace0-f7fd1addb7b9"
	path := "/kills/new?kind=statement&id=" + unknown
	form := with(w.page(olga, path).fields(t, "/kills/new"), "do", "now", "reason", "theirs leaked")
	answer := w.post(olga, "/kills/new", form)
	assert.Equal(t, http.StatusNotFound, answer.Code)
	assert.Contains(t, answer.Body.String(), `value="theirs leaked"`, "it is asked again whether that is meant")
	form = with(read(t, path, answer.Body.String()).fields(t, "/kills/new"), "do", "now", "allow_unknown", "yes")
	assert.Contains(t, location(t, w.post(olga, "/kills/new", form)), "/kills?kind=statement")
}

func TestTheConfirmationSaysWhatStops(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	for path, want := range map[string]string{
		"kind=application&id=" + x.app.ID.String(): "12,345 live clients stop",
		"kind=client&id=" + x.client.String():      "1 live client stops",
		"kind=platform&id=Roku":                    "20,111 live clients stop",
		"kind=channel&id=REF31":                    "2 applications serve it, with 12,345 live clients.",
		"kind=statement&id=" + x.statement.ID.String() + "&application=" + x.app.ID.String(): "At most 12,345 live clients stop",
		"kind=key&id=key-1": "Nobody has counted",
	} {
		assert.Contains(t, w.page(olga, "/kills/new?"+path).text, want, path)
	}
}

func TestAKeyIsReplaced(t *testing.T) {
	w := newWorld(t)
	form := w.page(olga, "/keys/rotate?use=statement").fields(t, "/keys/rotate")
	assert.Equal(t, "/keys?done=rotated", location(t, w.post(olga, "/keys/rotate", form)))
	assert.Contains(t, w.page(olga, "/keys").text, "Next")
	again := w.post(olga, "/keys/rotate", with(form, "key", "another"))
	assert.Equal(t, http.StatusConflict, again.Code)
	assert.Contains(t, again.Body.String(), "is next already")
}

func TestTwoClicksAreOneAct(t *testing.T) {
	w := newWorld(t)
	w.fill()
	for _, do := range []string{"now", "gather"} {
		form := w.page(paul, "/applications/new").fields(t, "/applications/new")
		form = with(form, "name", "Twice "+do, "programmer", "REF", "channels", "REF30", "scopes", "api:client:v2", "set", "new", "do", do)
		first := location(t, w.post(paul, "/applications/new", form))
		assert.Equal(t, first, location(t, w.post(paul, "/applications/new", form)))
		// Another gateway does not remember the form, but what was made by it.
		other := console.New(console.Options{Management: w.service})
		r := httptest.NewRequest(http.MethodPost, "/applications/new", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		other.ServeHTTP(answer, r, paul)
		assert.Equal(t, first, location(t, answer))
	}
	apps, err := w.service.Applications(paul, management.Filter{}, part(0))
	require.NoError(t, err)
	assert.Len(t, apps.Applications, 3, "one more than before")
}

// The button of a browser that goes back shows the form that was sent.
func TestAFormThatIsSentAgainWithSomethingElseIsAnother(t *testing.T) {
	w := newWorld(t)
	w.fill()
	form := w.page(paul, "/applications/new").fields(t, "/applications/new")
	form = with(form, "name", "First", "programmer", "REF", "channels", "REF30", "scopes", "api:client:v2", "do", "now")
	first := location(t, w.post(paul, "/applications/new", form))
	second := location(t, w.post(paul, "/applications/new", with(form, "name", "Second")))
	assert.NotEqual(t, first, second)
	assert.Contains(t, w.page(paul, second).text, "Second")

	form = with(form, "do", "gather", "set", "new", "name", "")
	assert.Equal(t, http.StatusUnprocessableEntity, w.post(paul, "/applications/new", form).Code)
	assert.Equal(t, http.StatusUnprocessableEntity, w.post(paul, "/applications/new", form).Code, "a set that was begun for it is gone")
	location(t, w.post(paul, "/applications/new", with(form, "name", "Third")))
	assert.Equal(t, 2, w.drafts())
}

func TestNobodyOverwritesWhatTheyDidNotSee(t *testing.T) {
	w := newWorld(t)
	w.fill()
	for _, do := range []string{"now", "gather"} {
		form := with(w.page(paul, "/channels/REF30/edit").fields(t, "/channels/REF30/edit"), "name", "Mine "+do, "do", do, "set", "new")
		_, err := w.service.UpdateChannel(within(t), by(carla), "REF30", management.ChannelSpec{Name: "Hers " + do})
		require.NoError(t, err)
		answer := w.post(paul, "/channels/REF30/edit", form)
		assert.Equal(t, http.StatusConflict, answer.Code)
		assert.Contains(t, answer.Body.String(), "has changed")
		assert.Contains(t, answer.Body.String(), `value="Mine `+do+`"`, "what was typed is not lost")
	}
	assert.Contains(t, w.page(paul, "/channels/REF30").text, "Hers gather")
}

func TestAPushOfWhatHasChangedIsRefusedAndSaysWhy(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	path := "/changes/" + x.draft.ID.String()
	form := w.page(paul, path).fields(t, path+"/push")
	_, err := w.service.UpdateChannel(within(t), by(paul), "REF31", management.ChannelSpec{Name: "Meanwhile"})
	require.NoError(t, err)
	answer := w.post(paul, path+"/push", form)
	assert.Equal(t, http.StatusConflict, answer.Code)
	assert.Contains(t, answer.Body.String(), "Nothing of it was done")
	assert.Contains(t, answer.Body.String(), `href="#change-1"`)
}

// Every form, sent by everybody who must not.
func TestNobodyDoesWhatIsNotTheirs(t *testing.T) {
	w := newWorld(t)
	x := w.fill()
	before := w.entriesDone()
	for _, row := range formTable(x) {
		for _, a := range row.who {
			answer := w.post(a, row.path, row.form)
			assert.Contains(t, []int{http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity}, answer.Code, "%s posts to %s", a.Name, row.path)
		}
	}
	assert.Equal(t, before, w.entriesDone(), "nothing of it was done")
	assert.Equal(t, 1, w.drafts())
}

type formRow struct {
	path string
	form url.Values
	who  []access.Actor
}

// formTable has who must not send each form.
func formTable(x things) []formRow {
	app, draft := x.app.ID.String(), x.draft.ID.String()
	now := url.Values{"do": {"now"}, "name": {"x"}, "id": {"NEW"}, "programmer": {"REF"}, "channels": {"REF31"}, "scopes": {"api:client:v2"}, "level": {"channel"}}
	return []formRow{
		{"/programmers/new", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/programmers/REF/edit", now, []access.Actor{carla, rita, rolf, fay, none}},
		{"/programmers/REF/delete", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/channels/new", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/channels/REF31/edit", now, []access.Actor{carla, rita, rolf, fay, none}},
		{"/channels/REF31/delete", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/applications/new", now, []access.Actor{carla, rita, rolf, fay, none}},
		{"/applications/" + app + "/statements", nil, []access.Actor{carla, rita, rolf, fay, none}},
		{"/proxy-mvpds/new", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/proxy-mvpds/PROXY1/edit", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/proxy-mvpds/PROXY1/delete", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/catalogue/scopes/new", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/catalogue/platforms/Fridge/edit", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/catalogue/platforms/Fridge/delete", now, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/kills/new", url.Values{"do": {"now"}, "kind": {"application"}, "id": {app}}, []access.Actor{carla, rita, rolf, fay, none}},
		{"/kills/new", url.Values{"do": {"gather"}, "set": {"new"}, "kind": {"application"}, "id": {app}}, []access.Actor{carla, rita, rolf, fay, none}},
		{"/kills/new", url.Values{"do": {"now"}, "kind": {"platform"}, "id": {"Roku"}}, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/keys/rotate", url.Values{"use": {"token"}}, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/kills/lift", url.Values{"do": {"now"}, "kind": {"platform"}, "id": {"Tizen"}}, []access.Actor{paul, carla, rita, rolf, fay, none}},
		{"/changes", nil, []access.Actor{rita, rolf, none}},
		{"/changes/" + draft + "/push", nil, []access.Actor{carla, rita, rolf, fay, none}},
		{"/changes/" + draft + "/remove", url.Values{"number": {"1"}}, []access.Actor{carla, rita, rolf, fay, none}},
		{"/changes/" + draft + "/discard", nil, []access.Actor{carla, rita, rolf, fay, none}},
		{"/changes/" + draft + "/roll-back", nil, []access.Actor{carla, rita, rolf, fay, none}},
		{"/statements", nil, []access.Actor{none}},
		{"/refusals", nil, []access.Actor{none}},
	}
}

// entriesDone counts what was done, and not what was denied.
func (w *world) entriesDone() int {
	page, err := w.service.AuditEntries(within(w.t), olga, auditAll, part(1000))
	require.NoError(w.t, err)
	n := 0
	for _, e := range page.Entries {
		if e.Outcome == "done" {
			n++
		}
	}
	return n
}
