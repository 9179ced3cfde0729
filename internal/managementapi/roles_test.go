package managementapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

// The rows are the operations, the columns who asks, about REF30 or what is
// REF's: an operator, the admin of REF, the admin of REF30, and readers
// everywhere, of REF and of REF30. y is done, f is forbidden to the role, n is
// a thing that there is not as far as they may know.
const table = `
listProgrammers    y y f y y f
createProgrammer   y f f f f f
showProgrammer     y y f y y f
updateProgrammer   y y f f f f
deleteProgrammer   y f f f f f
listChannels       y y y y y y
createChannel      y f f f f f
showChannel        y y y y y y
updateChannel      y y y f f f
deleteChannel      y f f f f f
listApplications   y y y y y y
createApplication  y y y f f f
showApplication    y y y y y y
createVersion      y y y f f f
listStatements     y y y y y y
issueStatement     y y y f f f
inspectStatement   y y y y y y
listClients        y y y y y y
showClient         y y y y y y
listProxyMVPDs     y f f y f f
createProxyMVPD    y f f f f f
showProxyMVPD      y f f y f f
updateProxyMVPD    y f f f f f
deleteProxyMVPD    y f f f f f
listScopes         y y y y y y
createScope        y f f f f f
showScope          y y y y y y
updateScope        y f f f f f
deleteScope        y f f f f f
listPlatforms      y y y y y y
createPlatform     y f f f f f
showPlatform       y y y y y y
updatePlatform     y f f f f f
deletePlatform     y f f f f f
listKills          y y y y y y
throwKill          y y y f f f
liftKill           y f f f f f
listKeys           y f f y f f
rotateKey          y f f f f f
listChangeSets     y y y y y y
createChangeSet    y y y f f f
showChangeSet      y y y y y y
discardChangeSet   y y y f f f
addChange          y y y f f f
removeChange       y y y f f f
pushChangeSet      y y y f f f
rollBackChangeSet  y y y f f f
showMe             y y y y y y
listAudit          y y y y y y
verifyAudit        y f f y f f
showCensus         y y y y y y
listRoutes         y f f y f f
explainRefusal     y n n y n n
tryRequest         y f f y f f
tryToken           y f f y f f
tryStatement       y f f y f f
`

// asked is one request, made of things that are there.
type asked struct{ target, body string }

// belongings are what an operator has made for a channel.
type belongings struct {
	programmer, channel              string
	app, statement, client, set, raw string
}

func (w *world) belongings(programmer, channel string) belongings {
	w.t.Helper()
	app := w.do(201, ann, "POST", "/api/v1/applications", fmt.Sprintf(
		`{"name":"Demo","programmer":%q,"channels":[%q],"level":"channel","scopes":["api:client:v2"]}`, programmer, channel))["id"].(string)
	issued := w.do(201, ann, "POST", "/api/v1/applications/"+app+"/statements", "")
	return belongings{
		programmer: programmer, channel: channel, app: app, statement: issued["id"].(string), raw: issued["software_statement"].(string),
		client: w.client(app), set: w.draft(programmer, channel),
	}
}

// draft is a change set with one change, which an operator has gathered.
func (w *world) draft(programmer, channel string) string {
	w.t.Helper()
	set := w.do(201, ann, "POST", "/api/v1/change-sets", fmt.Sprintf(`{"programmer":%q,"channel":%q}`, programmer, channel))["id"].(string)
	w.do(200, ann, "POST", "/api/v1/change-sets/"+set+"/changes", fmt.Sprintf(`{"operation":"channel.update","id":%q,"channel":{"name":%q}}`, channel, uuid.NewString()))
	return set
}

// requests make one request of each operation; fresh ones are about a thing of
// their own, where asking ends or changes it.
var requests = map[string]func(w *world, x belongings) asked{
	"listProgrammers":  at("/programmers"),
	"createProgrammer": func(*world, belongings) asked { return asked{"/programmers", `{"id":"P` + uuid.NewString() + `"}`} },
	"showProgrammer":   func(_ *world, x belongings) asked { return asked{target: "/programmers/" + x.programmer} },
	"updateProgrammer": func(_ *world, x belongings) asked { return asked{"/programmers/" + x.programmer, `{"name":"New"}`} },
	"deleteProgrammer": fresh("/programmers", "id", ""),
	"listChannels":     at("/channels"),
	"createChannel": func(_ *world, x belongings) asked {
		return asked{"/channels", `{"id":"C` + uuid.NewString() + `","programmer":"` + x.programmer + `"}`}
	},
	"showChannel":      func(_ *world, x belongings) asked { return asked{target: "/channels/" + x.channel} },
	"updateChannel":    func(_ *world, x belongings) asked { return asked{"/channels/" + x.channel, `{"name":"New"}`} },
	"deleteChannel":    fresh("/channels", "id", `,"programmer":"REF"`),
	"listApplications": at("/applications"),
	"createApplication": func(_ *world, x belongings) asked {
		return asked{"/applications", fmt.Sprintf(`{"name":"A","programmer":%q,"channels":[%q],"scopes":["api:client:v2"]}`, x.programmer, x.channel)}
	},
	"showApplication": func(_ *world, x belongings) asked { return asked{target: "/applications/" + x.app} },
	"createVersion":   func(_ *world, x belongings) asked { return asked{target: "/applications/" + x.app + "/versions"} },
	"listStatements":  func(_ *world, x belongings) asked { return asked{target: "/applications/" + x.app + "/statements"} },
	"issueStatement":  func(_ *world, x belongings) asked { return asked{target: "/applications/" + x.app + "/statements"} },
	"inspectStatement": func(_ *world, x belongings) asked {
		return asked{"/statements/inspect", `{"software_statement":"` + x.raw + `"}`}
	},
	"listClients":     func(_ *world, x belongings) asked { return asked{target: "/clients?application=" + x.app} },
	"showClient":      func(_ *world, x belongings) asked { return asked{target: "/clients/" + x.client} },
	"listProxyMVPDs":  at("/proxy-mvpds"),
	"createProxyMVPD": func(*world, belongings) asked { return asked{"/proxy-mvpds", `{"id":"M` + uuid.NewString() + `"}`} },
	"showProxyMVPD":   fresh("/proxy-mvpds", "id", ""),
	"updateProxyMVPD": fresh("/proxy-mvpds", "id", "", `{"name":"New"}`),
	"deleteProxyMVPD": fresh("/proxy-mvpds", "id", ""),
	"listScopes":      at("/scopes"),
	"createScope":     func(*world, belongings) asked { return asked{"/scopes", `{"name":"s:` + uuid.NewString() + `"}`} },
	"showScope":       at("/scopes/api:client:v2"),
	"updateScope":     fresh("/scopes", "name", "", `{"description":"new"}`),
	"deleteScope":     fresh("/scopes", "name", ""),
	"listPlatforms":   at("/platforms"),
	"createPlatform":  func(*world, belongings) asked { return asked{"/platforms", `{"name":"F` + uuid.NewString() + `"}`} },
	"showPlatform":    at("/platforms/iOS"),
	"updatePlatform":  fresh("/platforms", "name", "", `{"description":"new"}`),
	"deletePlatform":  fresh("/platforms", "name", ""),
	"listKills":       at("/kills"),
	"throwKill": func(w *world, x belongings) asked {
		return asked{"/kills", `{"kind":"client","id":"` + w.client(x.app) + `"}`}
	},
	"liftKill": func(w *world, x belongings) asked {
		w.do(200, ann, "POST", "/api/v1/kills", `{"kind":"channel","id":"`+x.channel+`"}`)
		return asked{target: "/kills/channel/" + x.channel}
	},
	"listKeys":       at("/keys"),
	"rotateKey":      func(*world, belongings) asked { return asked{"/keys", `{"use":"token","in_seconds":0}`} },
	"listChangeSets": at("/change-sets"),
	"createChangeSet": func(_ *world, x belongings) asked {
		return asked{"/change-sets", `{"programmer":"` + x.programmer + `","channel":"` + x.channel + `"}`}
	},
	"showChangeSet": func(_ *world, x belongings) asked { return asked{target: "/change-sets/" + x.set} },
	"discardChangeSet": func(w *world, x belongings) asked {
		return asked{target: "/change-sets/" + w.draft(x.programmer, x.channel)}
	},
	"addChange": func(w *world, x belongings) asked {
		return asked{"/change-sets/" + w.draft(x.programmer, x.channel) + "/changes", `{"operation":"channel.update","id":"` + x.channel + `","channel":{"name":"New"}}`}
	},
	"removeChange": func(w *world, x belongings) asked {
		return asked{target: "/change-sets/" + w.draft(x.programmer, x.channel) + "/changes/1"}
	},
	"pushChangeSet": func(w *world, x belongings) asked {
		return asked{target: "/change-sets/" + w.draft(x.programmer, x.channel) + "/push"}
	},
	"rollBackChangeSet": func(w *world, x belongings) asked {
		set := "/change-sets/" + w.draft(x.programmer, x.channel)
		w.do(200, ann, "POST", version1+set+"/push", "", "If-Match: *")
		return asked{target: set + "/roll-back"}
	},
	"showMe":         at("/me"),
	"listAudit":      at("/audit"),
	"verifyAudit":    at("/audit/verification"),
	"showCensus":     at("/census"),
	"listRoutes":     at("/routes"),
	"explainRefusal": func(w *world, _ belongings) asked { return asked{target: "/refusals/" + w.trace.String()} },
	"tryRequest":     func(*world, belongings) asked { return asked{"/trials/request", `{"method":"GET","path":"/"}`} },
	"tryToken":       func(*world, belongings) asked { return asked{"/trials/token", `{"token":"x"}`} },
	"tryStatement":   func(*world, belongings) asked { return asked{"/trials/statement", `{"software_statement":"x"}`} },
}

func at(target string) func(*world, belongings) asked {
	return func(*world, belongings) asked { return asked{target: target} }
}

// fresh makes a thing that is asked about once.
func fresh(path, field, more string, body ...string) func(*world, belongings) asked {
	return func(w *world, _ belongings) asked {
		name := "T" + uuid.NewString()
		w.do(201, ann, "POST", version1+path, `{"`+field+`":"`+name+`"`+more+`}`)
		return asked{path + "/" + name, strings.Join(body, "")}
	}
}

func (w *world) request(op operation, who access.Actor, q asked) reply {
	w.t.Helper()
	var header []string
	if op.seen {
		header = []string{"If-Match: *"}
	}
	return w.ask(who, op.method, version1+q.target, q.body, header...)
}

func TestEveryRoleAndOperation(t *testing.T) {
	rows := readTable(t)
	require.Len(t, rows, len(operations), "the table has a row for every operation")
	w := newWorld(t)
	w.settle()
	for i, who := range whole {
		own := w.belongings("REF", "REF30")
		for _, op := range operations {
			require.Contains(t, rows, op.id)
			got := w.request(op, who, requests[op.id](w, own))
			switch cell := rows[op.id][i]; cell {
			case "y":
				assert.Equal(t, op.status, got.StatusCode, "%s: %s: %s", who.Grants[0], op.id, got.text)
			case "f":
				assert.Equal(t, Forbidden, got.kind(), "%s: %s: %d %s", who.Grants[0], op.id, got.StatusCode, got.text)
			default:
				assert.Equal(t, NotFound, got.kind(), "%s: %s: %d %s", who.Grants[0], op.id, got.StatusCode, got.text)
			}
		}
	}
}

// What is another's is answered as what there is not, and lists leave it out.
func TestNobodySeesOrTouchesWhatIsAnothers(t *testing.T) {
	w := newWorld(t)
	w.settle()
	for _, test := range []struct {
		who        access.Actor
		programmer string
		channel    string
	}{
		{eve, "REF", "REF31"}, {lea, "REF", "REF31"}, {eve, "FOX", "FOX1"}, {bob, "FOX", "FOX1"}, {kim, "FOX", "FOX1"}, {zed, "REF", "REF30"},
	} {
		theirs := w.belongings(test.programmer, test.channel)
		for _, op := range operations {
			made := requests[op.id](w, theirs)
			common := strings.HasPrefix(made.target, "/scopes") || strings.HasPrefix(made.target, "/platforms")
			if !names(made, theirs) || common {
				continue
			}
			got := w.request(op, test.who, made)
			if op.id == "inspectStatement" {
				assert.Contains(t, got.text, `"verdict":"unknown_application"`)
				continue
			}
			assert.Contains(t, []Kind{NotFound, Forbidden}, got.kind(), "%s asks for %s of %s: %d %s", test.who.Grants[0], op.id, test.channel, got.StatusCode, got.text)
			assert.GreaterOrEqual(t, got.StatusCode, 400)
		}
		for _, op := range operations {
			if op.method != http.MethodGet || !strings.HasPrefix(op.id, "list") {
				continue
			}
			seen := w.request(op, test.who, requests[op.id](w, theirs)).text
			for _, id := range []string{theirs.app, theirs.client, theirs.set, theirs.statement} {
				assert.NotContains(t, strings.ReplaceAll(seen, "there is no application "+id, ""), id, "%s: %s", test.who.Grants[0], op.id)
			}
		}
	}
}

// names says whether a request is about one of the things. Only a reader's
// whole place is in a programmer that a channel's admin knows as well.
func names(q asked, x belongings) bool {
	for _, id := range []string{x.app, x.statement, x.client, x.set, x.raw, "/" + x.channel, `"` + x.channel + `"`, "/change-sets/"} {
		if strings.Contains(q.target+q.body, id) {
			return true
		}
	}
	return false
}

func readTable(t *testing.T) map[string][6]string {
	rows := map[string][6]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		var id string
		var cell [6]string
		_, err := fmt.Sscan(line, &id, &cell[0], &cell[1], &cell[2], &cell[3], &cell[4], &cell[5])
		require.NoError(t, err, line)
		rows[id] = cell
	}
	return rows
}
