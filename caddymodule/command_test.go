package caddymodule

import (
	"bytes"
	"errors"
	stdflag "flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
)

var updateCommands = stdflag.Bool("update-commands", false, "write the golden files of the commands anew")

const (
	testApp       = "897029da-2b35-429e-ad45-6f6bf5de7a95"
	testStatement = "5ca1ab1e-0000-4000-8000-000000000002"
	testClient    = "3b241101-e2bb-4255-8caf-4136c566a962"
	testKill      = `{"kind":"application","id":"` + testApp + `","at":"2025-11-24T16:00:00.123Z","reason":"stolen key","by":"ann@host"}`
	testAppJSON   = `{"id":"` + testApp + `","name":"Demo","version":"1","programmer":"REF","level":"programmer","type":"DIRECT",` +
		`"all_channels":false,"channels":["REF30","CNN"],"all_platforms":false,"platforms":["iOS"],"domains":["example.com"],` +
		`"custom_schemes":["adbe.abcdefghijklmnopqrstuv"],"proxy_mvpds":[],"scopes":["api:client:v2"],` +
		`"created_at":"2025-11-24T16:00:00.123Z","created_by":"ann@host","declared":false,"revoked":false}`
)

// testPlan has a change of each sort.
const testPlan = `{"name":"streaming","digest":"d","changes":[` +
	`{"verb":"create","kind":"programmer","name":"REF","field":"programmers[0]","difference":[{"field":"custom_schemes","to":["com.example.ref"],"added":["com.example.ref"]},{"field":"id","to":"REF"},{"field":"name","to":"Reference"}]},` +
	`{"verb":"change","kind":"channel","name":"REF30","difference":[{"field":"domains","from":["a.example"],"to":["b.example"],"added":["b.example"],"removed":["a.example"]},{"field":"name","from":"Old","to":"A name that is far too long for eighty columns, really, and goes on"},{"field":"default_redirect_url","from":"https://a.example/"}]},` +
	`{"verb":"new_version","kind":"application","name":"demo","application":"` + testApp + `","difference":[{"field":"version","from":"1","to":"2"}]},` +
	`{"verb":"adopt","kind":"application","name":"old","application":"` + testApp + `","difference":[{"field":"managed_by","to":"streaming"}]},` +
	`{"verb":"revoke","kind":"application","name":"demo","application":"` + testApp + `","difference":[{"field":"kind","to":"application"}]},` +
	`{"verb":"delete","kind":"proxy_mvpd","name":"P1","difference":[]}],` +
	`"unmentioned":[{"kind":"scope","id":"api:client:v3","prune":"scopes"}]}`

// canned is an admin API that answers what it was told to, and remembers what
// it was asked.
type canned struct {
	status int
	answer string
	asked  string
}

func (c *canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.asked = strings.TrimSpace(r.Method + " " + r.RequestURI + " " + string(body))
	w.Header().Set(surfaceHeader, string(access.AdminEndpoint))
	w.WriteHeader(c.status)
	_, _ = io.WriteString(w, c.answer)
}

// runCommand runs `caddy` with the arguments in this process.
func runCommand(stdin string, args ...string) (stdout, stderr string, status int) {
	root := &cobra.Command{Use: "caddy", SilenceUsage: true}
	dcr := &cobra.Command{Use: "dcr <command>"}
	buildCommand(dcr)
	root.AddCommand(dcr)
	var out, errs bytes.Buffer
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(args)
	err := root.Execute()
	return out.String(), errs.String(), statusOf(err)
}

// statusOf reads the status out of Caddy's error as Caddy's Main does, to
// which alone its type is known.
func statusOf(err error) int {
	if err == nil {
		return 0
	}
	if e := reflect.Indirect(reflect.ValueOf(err)); e.Kind() == reflect.Struct {
		if code := e.FieldByName("ExitCode"); code.IsValid() {
			return int(code.Int())
		}
	}
	return 1
}

func TestCommands(t *testing.T) {
	nodes := `"nodes":[{"name":"gateway-1","applied":true,"after_ms":0.21},{"name":"gateway-2","applied":true,"after_ms":3.94}]`
	for _, test := range []commandCase{
		{"app create", "app create --name Demo --programmer REF --channel REF30,CNN --platform iOS --domain example.com --scope api:client:v2 --by ann@host", 201, testAppJSON, ""},
		{"app create with everything", "app create --id " + testApp + " --name Demo --version 2 --programmer REF --all-channels --all-platforms --level programmer --domain a.example --domain b.example --scheme com.example.app --new-scheme --scope a --scope b --proxy-mvpd P --by ann", 201, testAppJSON, ""},
		{"app create json", "app create --name Demo --programmer REF --channel REF30 --scope s --by ann --json", 201, testAppJSON, ""},
		{"app create refused", "app create --name Demo --programmer REF --channel REF30 --domain co.uk --scope s --by ann", 400, `{"error":"domains[0]: got \"co.uk\", want a name below this public suffix","field":"domains","hint":"a domain covers its sub-domains"}`, ""},
		{"app create taken", "app create --id " + testApp + " --name Demo --programmer REF --channel REF30 --scope s --by ann", 409, `{"error":"application ` + testApp + ` exists already","field":"id","hint":"applications never change: leave the id out to create another"}`, ""},
		{"app create without a name", "app create --programmer REF --channel REF30 --scope s", 0, "", ""},
		{"app create without channels", "app create --name Demo --programmer REF --scope s", 0, "", ""},
		{"app create with too many channels", "app create --name Demo --programmer REF --scope s --channel A --all-channels", 0, "", ""},
		{"app create with too many platforms", "app create --name Demo --programmer REF --scope s --channel A --platform iOS --all-platforms", 0, "", ""},
		{"app create with a bad id", "app create --id demo --name Demo --programmer REF --scope s --channel A", 0, "", ""},
		{"app create with an argument", "app create Demo", 0, "", ""},
		{"app list", "app list --programmer REF --channel REF30", 200, `{"applications":[` + testAppJSON + `,` +
			`{"id":"` + testClient + `","name":"A very long name, too long by far","version":"2025.11.24","programmer":"PROGRAMMER-LTD","declared":true,"revoked":false},` +
			`{"id":"` + testStatement + `","name":"Old","version":"1","programmer":"REF","declared":false,"revoked":true}]}`, ""},
		{"app list empty", "app list", 200, `{"applications":[]}`, ""},
		{"app show", "app show " + testApp, 200, testAppJSON, ""},
		{"app show revoked", "app show " + testApp, 200, strings.Replace(strings.Replace(testAppJSON, `"revoked":false`, `"revoked":true,"revocation":`+testKill, 1), `"declared":false`, `"declared":true`, 1), ""},
		{"app show channel level", "app show " + testApp, 200, strings.Replace(testAppJSON, `"level":"programmer"`, `"level":"channel"`, 1), ""},
		{"app show unknown", "app show " + testApp, 404, `{"error":"there is no application ` + testApp + `","field":"application","hint":"list the applications to find its id"}`, ""},
		{"app show bad id", "app show demo", 0, "", ""},
		{"app show nothing", "app show", 0, "", ""},
		{"app show too much", "app show a b", 0, "", ""},
		{"app revoke", "app revoke " + testApp + " --reason lost --by ann", 200, `{"kill":` + testKill + `,"applied":true,` + nodes + `}`, ""},
		{"statement issue", "statement issue " + testApp + " --by ann", 201, `{"id":"` + testStatement + `","software_statement":"e30.e30.c2ln"}`, ""},
		{"statement issue json", "statement issue " + testApp + " --by ann --json", 201, `{"id":"` + testStatement + `","software_statement":"e30.e30.c2ln"}`, ""},
		{"statement issue revoked", "statement issue " + testApp + " --by ann", 409, `{"error":"application ` + testApp + ` was revoked: stolen","field":"application","hint":"a revoked application stays so; create another"}`, ""},
		{"statement issue bad id", "statement issue demo", 0, "", ""},
		{"statement issue unavailable", "statement issue " + testApp + " --by ann", 503, `{"error":"recording the statement: the state is not available now","hint":"the gateway's log says why; try again"}`, ""},
		{"statement inspect", "statement inspect -", 200, `{"verdict":"approved","header":{"alg":"RS256"},"claims":{"iss":"https://sp.example.com","iat":1},"application":` + testAppJSON + `}`, "e30.e30.c2ln\n"},
		{"statement inspect revoked", "statement inspect e30.e30.c2ln", 200, `{"verdict":"revoked","why":"application ` + testApp + ` was revoked","application":` + testAppJSON + `,"kills":[` + testKill + `]}`, ""},
		{"statement inspect hostile", "statement inspect x", 200, `{"verdict":"invalid","why":"signature","claims":{"sub":"` + "\u009b2J" + `"}}`, ""},
		{"statement inspect invalid json", "statement inspect x --json", 200, `{"verdict":"invalid","why":"signature"}`, ""},
		{"statement inspect nothing", "statement inspect -", 0, "", " \n"},
		{"statement list", "statement list " + testApp, 200, `{"statements":[{"id":"` + testStatement + `","application_id":"` + testApp + `","issued_at":"2025-11-24T16:00:00Z","issued_by":"ann@workstation.example","key_id":"k","stopped_by":"application"},{"id":"` + testClient + `","issued_at":"2025-11-23T16:00:00Z"}]}`, ""},
		{"statement list bad id", "statement list demo", 0, "", ""},
		{"statement revoke unknown", "statement revoke " + testStatement + " --by ann", 404, `{"error":"there is no statement ` + testStatement + `","field":"id","hint":"compare the id"}`, ""},
		{"statement revoke theirs", "statement revoke " + testStatement + " --allow-unknown --by ann", 200, `{"kill":{"kind":"statement","id":"` + testStatement + `"},"applied":true,"nodes":[]}`, ""},
		{"client list", "client list --app " + testApp + " --limit 2", 200, `{"clients":[{"id":"` + testClient + `","platform":"PlayStation","created_at":"2025-11-24T16:00:00Z","last_used":"2025-11-25","stopped_by":"application"},{"id":"` + testStatement + `","created_at":"2025-11-24T16:00:00Z"}],"cursor":"YS9i Yw"}`, ""},
		{"client list of the living", "client list", 200, `{"clients":[{"id":"` + testStatement + `","platform":"iOS","created_at":"2025-11-24T16:00:00Z","last_used":"2025-11-24"}]}`, ""},
		{"client list next", "client list --cursor YS9i/Yw==", 200, `{"clients":[]}`, ""},
		{"client list json", "client list --json", 200, `{"clients":[],"cursor":"next"}`, ""},
		{"client list bad app", "client list --app demo", 0, "", ""},
		{"client list bad limit", "client list --limit 0", 0, "", ""},
		{"client list worse limit", "client list --limit ten", 0, "", ""},
		{"client show", "client show " + testClient, 200, `{"id":"` + testClient + `","application_id":"` + testApp + `","application_name":"Demo","programmer":"REF","statement_id":"` + testStatement + `","statement_issuer":"https://sp.example.com","platform":"iOS","redirect_uris":["https://example.com/"],"created_at":"2025-11-24T16:00:00Z","last_used":"2025-11-25","stopped_by":"application","kills":[` + testKill + `,{"kind":"platform","id":"iOS"}]}`, ""},
		{"client show bad id", "client show demo", 0, "", ""},
		{"client census", "client census --limit 2", 200, `{"began_at":"2025-11-24T15:59:00Z","finished_at":"2025-11-24T16:00:00Z","by":"gateway-1","uses_since":"2025-01-02T09:30:00Z","live":1204003,"stopped":310,"unused":20880,"removed":3,"unreadable":1,"platforms":{"Roku":400891,"Android":803112},"applications":[{"id":"` + testApp + `","name":"A long name of an application","live":1203990,"stopped":310,"last_used":"2025-11-24","as_of":"2025-11-24T16:00:00Z"},{"id":"` + testClient + `","live":13,"as_of":"2025-11-24T16:00:00Z"}],"more":true}`, ""},
		{"client census of nobody", "client census", 200, `{"finished_at":"2025-11-24T16:00:00Z","by":"gateway-1","live":0,"platforms":{},"applications":[]}`, ""},
		{"client census not yet", "client census", 404, `{"error":"the clients were not counted yet","hint":"wait"}`, ""},
		{"client census bad limit", "client census --limit 0", 0, "", ""},
		{"app show with clients", "app show " + testApp, 200, `{"id":"` + testApp + `","name":"Demo","version":"1","programmer":"REF","level":"programmer","clients":{"live":5,"stopped":1,"first_registered":"2025-11-01T16:00:00Z","last_used":"2025-11-24","as_of":"2025-11-24T16:00:00Z"}}`, ""},
		{"client revoke", "client revoke " + testClient + " --by ann", 200, `{"kill":{"kind":"client","id":"` + testClient + `"},"applied":true,` + nodes + `}`, ""},
		{"revoke again", "revoke application " + testApp + " --by bob", 200, `{"kill":` + testKill + `,"already":true,"applied":true,` + nodes + `}`, ""},
		{"revoke unconfirmed", "revoke platform tvOS --by ann", 200, `{"kill":{"kind":"platform","id":"tvOS"},"applied":false,"nodes":[{"name":"gateway-1","applied":true,"after_ms":0.2},{"name":"gateway-2","applied":false,"after_ms":0}]}`, ""},
		{"revoke unconfirmed json", "revoke platform tvOS --by ann --json", 200, `{"kill":{"kind":"platform","id":"tvOS"},"applied":false,"nodes":[]}`, ""},
		{"revoke bad kind", "revoke planet Mars", 0, "", ""},
		{"revoke bad id", "revoke client demo", 0, "", ""},
		{"revoke bad platform", "revoke platform Betamax --by ann", 400, `{"error":"got \"Betamax\", want one of Android, iOS, or one of the catalogue's own","field":"id"}`, ""},
		{"revoke without id", "revoke channel", 0, "", ""},
		{"revoke without anything", "revoke", 0, "", ""},
		{"unrevoke", "unrevoke platform apple-tv --by ann@host", 200, `{"kill":{"kind":"platform","id":"tvOS"},"applied":true,` + nodes + `}`, ""},
		{"unrevoke bad kind", "unrevoke planet Mars", 0, "", ""},
		{"unrevoke client", "unrevoke client " + testClient, 0, "", ""},
		{"unrevoke what is not revoked", "unrevoke channel REF30 --by ann@host", 404, `{"error":"channel REF30 is not revoked","field":"id","hint":"list the kills to see what is"}`, ""},
		{"plan", "plan testdata/manifest/streaming.yaml --prune versions", 200, testPlan, ""},
		{"plan json", "plan testdata/manifest/streaming.yaml --json", 200, `{"name":"streaming","digest":"d","changes":[],"unmentioned":[]}`, ""},
		{"plan nothing", "plan testdata/manifest/streaming.yaml", 200, `{"name":"streaming","digest":"d","changes":[],"unmentioned":[{"kind":"channel","id":"ref31","prune":"channels"}]}`, ""},
		{"plan refused", "plan testdata/manifest/streaming.yaml", 400, `{"error":"programmers[0].channels[0].domains: no (and 1 more)","conflicts":[` +
			`{"number":1,"code":"invalid","field":"programmers[0].channels[0].domains","message":"got \"co.uk\""},` +
			`{"number":2,"code":"revoked","field":"applications[0]","message":"application X was revoked","hint":"say revoked: true"}]}`, ""},
		{"apply", "apply testdata/manifest/streaming.yaml --yes --by ann", 200, strings.TrimSuffix(testPlan, "}") + `,"change_set":{"id":"` + testStatement + `","count":4},"applied":true}`, ""},
		{"apply nothing", "apply testdata/manifest/streaming.yaml --yes --by ann", 200, `{"name":"streaming","digest":"d","changes":[],"unmentioned":[],"applied":true}`, ""},
		{"apply unasked", "apply testdata/manifest/streaming.yaml --by ann", 200, testPlan, "n\n"},
		{"apply unconfirmed", "apply testdata/manifest/streaming.yaml --yes --by ann", 200, `{"name":"streaming","changes":[],"unmentioned":[],"change_set":{"id":"` + testStatement + `"},"applied":false}`, ""},
		{"apply release", "apply testdata/manifest/streaming.yaml --release --by ann", 200, `{"name":"streaming","changes":[],"unmentioned":[],"change_set":{"id":"` + testStatement + `","count":7},"applied":true}`, ""},
		{"apply release nothing", "apply testdata/manifest/streaming.yaml --release --by ann", 200, `{"name":"streaming","changes":[],"unmentioned":[],"applied":true}`, ""},
		{"plan without a file", "plan", 0, "", ""},
		{"audit list", "audit list --actor ann@host --change-set " + testStatement + " --limit 4", 200, `{"entries":[` +
			`{"seq":4,"at":"2025-11-24T16:00:00.123Z","operation":"application.create","target":{"kind":"application","id":"` + testApp + `"},"outcome":"done","actor":"ann@host"},` +
			`{"seq":3,"at":"2025-11-24T15:59:00Z","operation":"channel.update","target":{"kind":"channel","id":"REF30"},"outcome":"denied","actor":"bob\u001b[2J"},` +
			`{"seq":2,"fault":"missing"}],"cursor":"1-` + strings.Repeat("0f", 32) + `"}`, ""},
		{"audit list json", "audit list --json", 200, `{"entries":[{"seq":1,"operation":"kill.lift","after":{"kind":"platform"}}]}`, ""},
		{"audit list bad limit", "audit list --limit 0", 0, "", ""},
		{"audit list bad time", "audit list --since yesterday", 400, `{"error":"got \"yesterday\", want a time","field":"since","hint":"such as 2025-11-24T16:00:00Z"}`, ""},
		{"audit verify", "audit verify", 200, `{"whole":true,"from":12,"to":1,"hash":"` + strings.Repeat("0f", 32) + `","breaks":[]}`, ""},
		{"audit verify broken", "audit verify", 200, `{"whole":false,"from":12,"to":1,"hash":"0f","breaks":[{"seq":4,"fault":"altered","why":"it, or the entry after it, was changed"}]}`, ""},
		{"audit verify nothing", "audit verify", 200, `{"whole":true,"from":0,"to":0,"breaks":[]}`, ""},
		{"audit verify anchored json", "audit verify --json --anchor 9:" + strings.Repeat("0f", 32), 200, `{"whole":true,"from":12,"to":1,"hash":"0f","breaks":[]}`, ""},
		{"audit verify bad anchor", "audit verify --anchor 9", 0, "", ""},
		{"doctor", "doctor", 200, `{"gateway":"gateway-1","at":"2025-11-24T16:00:00Z","healthy":false,"faults":1,"warnings":1,"checks":[{"check":"clock","status":"ok","says":"2ms apart from the store's clock"},{"check":"store_persistence","status":"warning","says":"Redis keeps nothing on disk, so that a restart loses every client","do":"set appendonly yes"},{"check":"upstreams","status":"fault","says":"rest-v2.internal:8080 cannot be reached: connection refused","do":"start it, or mend its address"},{"check":"tls","status":"not_applicable","says":"no site of the gateway ends TLS itself"}]}`, ""},
		{"doctor of what is ignored", "doctor --ignore store_persistence,upstreams", 200, `{"gateway":"gateway-1","at":"2025-11-24T16:00:00Z","healthy":true,"faults":0,"warnings":0,"checks":[{"check":"clock","status":"ok","says":"2ms apart from the store's clock"},{"check":"store_persistence","status":"warning","says":"Redis keeps nothing on disk, so that a restart loses every client","do":"set appendonly yes","ignored":true},{"check":"upstreams","status":"fault","says":"rest-v2.internal:8080 cannot be reached: connection refused","do":"start it, or mend its address","ignored":true},{"check":"tls","status":"not_applicable","says":"no site of the gateway ends TLS itself"}]}`, ""},
		{"doctor json", "doctor --json", 200, `{"healthy":false,"checks":[]}`, ""},
		{"doctor of no such check", "doctor --ignore weather", 0, "", ""},
		{"nodes list", "nodes list", 200, `{"nodes":[{"name":"gateway-1","self":true,"reported_at":"2025-11-24T16:00:00Z","behind":0},{"name":"gateway-2","reported_at":"2025-11-24T15:59:00Z","behind":3,"silent":true},{"name":"gateway-3","reported_at":"2025-11-24T16:00:00Z","behind":0,"other_feed":true},{"name":"gateway-4","reported_at":"2025-11-24T16:00:00Z","behind":2}]}`, ""},
		{"top in no time", "top --interval 1ms", 0, "", ""},
		{"top of something else", "top --once", 200, "# TYPE a gauge\na 1\n", ""},
		{"top of no metrics", "top --once", 404, "404 page not found\n", ""},
		{"routes", "routes", 200, `{"routes":[{"api":"rest_v2","methods":["GET","POST"],"path":"/api/v2/{serviceProvider}/configuration","scopes":["api:client:v2"],"throttled":true},{"api":"rest_v2","methods":["GET"],"path":"/api/v2/authenticate/{serviceProvider}/{code}","scopes":[],"open":true,"throttled":true},{"api":"sdk","methods":["GET"],"path":"/adobe-services/session","scopes":["a","b"],"open_with":"reg_code"}]}`, ""},
		{"conformance without a statement", "conformance https://sp.example.com", 0, "", ""},
		{"conformance of no URL", "conformance sp.example.com --app " + testApp, 0, "", ""},
		{"conformance of what is not", "conformance https://sp.example.com --app " + testApp + " --profile saml", 0, "", ""},
		{"kills list watched in no time", "kills list --watch --interval 1ms", 0, "", ""},
		{"keys list", "keys list", 200, `{"keys":[{"use":"token","generation":2,"id":"l0NkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"HS256","state":"signing","published":false,"sealed":true,"created_at":"2025-11-24T16:00:00Z","signs_from":"2025-11-24T16:06:00Z","due_at":"2026-11-24T16:06:00Z"},{"use":"token","generation":1,"id":"0a-Y9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoMl","algorithm":"HS256","state":"verifying","published":false,"sealed":false,"created_at":"2024-11-24T16:00:00Z","signs_from":"2024-11-24T16:00:00Z","ends_at":"2025-11-25T17:06:00Z"},{"use":"statement","generation":1,"id":"l0XkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"EdDSA","state":"unreadable","published":true,"sealed":false,"created_at":"2024-11-24T16:00:00Z","signs_from":"2024-11-24T16:00:00Z"}]}`, ""},
		{"keys list json", "keys list --json", 200, `{"keys":[]}`, ""},
		{"keys show", "keys show l0Nk", 200, `{"keys":[{"use":"token","generation":2,"id":"l0NkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"HS256","state":"signing","published":false,"sealed":true,"created_at":"2025-11-24T16:00:00Z","signs_from":"2025-11-24T16:06:00Z","due_at":"2026-11-24T16:06:00Z"},{"use":"token","generation":1,"id":"0a-Y9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoMl","algorithm":"HS256","state":"verifying","published":false,"sealed":false,"created_at":"2024-11-24T16:00:00Z","signs_from":"2024-11-24T16:00:00Z","ends_at":"2025-11-25T17:06:00Z"},{"use":"statement","generation":1,"id":"l0XkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"EdDSA","state":"unreadable","published":true,"sealed":false,"created_at":"2024-11-24T16:00:00Z","signs_from":"2024-11-24T16:00:00Z"}]}`, ""},
		{"keys show json", "keys show 0a --json", 200, `{"keys":[{"use":"token","generation":2,"id":"l0NkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"HS256","state":"signing","published":false,"sealed":true,"created_at":"2025-11-24T16:00:00Z","signs_from":"2025-11-24T16:06:00Z","due_at":"2026-11-24T16:06:00Z"},{"use":"token","generation":1,"id":"0a-Y9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoMl","algorithm":"HS256","state":"verifying","published":false,"sealed":false,"created_at":"2024-11-24T16:00:00Z","signs_from":"2024-11-24T16:00:00Z","ends_at":"2025-11-25T17:06:00Z"}]}`, ""},
		{"keys show what is not plain", "keys show l0", 200, `{"keys":[{"use":"token","generation":2,"id":"l0NkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"HS256","state":"signing","published":false,"sealed":true,"created_at":"2025-11-24T16:00:00Z","signs_from":"2025-11-24T16:06:00Z","due_at":"2026-11-24T16:06:00Z"},{"use":"statement","generation":1,"id":"l0XkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"EdDSA","state":"unreadable","published":true,"sealed":false,"created_at":"2024-11-24T16:00:00Z","signs_from":"2024-11-24T16:00:00Z"}]}`, ""},
		{"keys rotate", "keys rotate token --in 24h --by ann", 201, `{"key":{"use":"token","generation":3,"id":"l0NkY9zCq2m8ZJw1uVtPqk5E3xR7bD4fHsGaTyWnQoM","algorithm":"ES256","state":"next","published":true,"created_at":"2025-11-24T16:00:00Z","signs_from":"2025-11-25T16:00:00Z"},"applied":true,` + nodes + `}`, ""},
		{"keys rotate unconfirmed", "keys rotate secret --by ann", 201, `{"key":{"use":"secret","generation":3,"id":"l0","algorithm":"HS256","state":"next","created_at":"2025-11-24T16:00:00Z","signs_from":"2025-11-24T16:06:00Z"},"applied":false,"nodes":[]}`, ""},
		{"keys rotate again", "keys rotate token --by ann", 409, `{"error":"key l0 is next already, and signs from 2025-11-25T16:00:00Z","field":"use","hint":"wait for it, or revoke it first"}`, ""},
		{"keys rotate nothing", "keys rotate", 0, "", ""},
		{"keys rotate what is not", "keys rotate door", 0, "", ""},
		{"keys rotate in no time", "keys rotate token --in 1.5s", 0, "", ""},
		{"kills list", "kills list", 200, `{"kills":[` + testKill + `,{"kind":"channel","id":"REF30","at":"2025-11-24T16:00:00Z","lifted_at":"2025-11-24T17:00:00Z","reason":"x"},{"kind":"issuer","id":"https://statements.example.com/a/very/long/path","at":"2025-11-24T16:00:00Z"}]}`, ""},
		{"kills list more", "kills list --kind platform --limit 1", 200, `{"kills":[],"cursor":"abc"}`, ""},
		{"kills list bad kind", "kills list --kind planet", 0, "", ""},
		{"kills list bad limit", "kills list --limit -1", 0, "", ""},
		{"no command", "", 0, "", ""},
		{"no command of app", "app", 0, "", ""},
		{"an unknown command", "aps list", 0, "", ""},
		{"a command almost right", "app lst", 0, "", ""},
		{"an unknown flag", "app list --format table", 0, "", ""},
		{"another build answers", "app list", 404, "404 page not found\n", ""},
		{"another program answers", "app list", 200, "<html>", ""},
		{"an answer that plays with the terminal", "app list", 500, `{"error":"a\u001b[2Jb"}`, ""},
	} {
		t.Run(test.golden, test.run)
	}
}

// commandCase is one call of a command, and what the gateway answers to it;
// with status 0 it is not to be asked.
type commandCase struct {
	golden string
	args   string
	status int
	answer string
	stdin  string
}

func (test commandCase) run(t *testing.T) {
	server := &canned{status: test.status, answer: test.answer}
	listener := httptest.NewServer(server)
	defer listener.Close()
	address := listener.Listener.Addr().String()
	args := append([]string{"dcr"}, strings.Fields(test.args)...)
	args = append(args, "--address", address)
	stdout, stderr, status := runCommand(test.stdin, args...)
	if test.status == 0 {
		assert.Equal(t, exitUsage, status)
		assert.Empty(t, server.asked, "what was written wrong is not sent")
		assert.Contains(t, stderr, "hint:")
	}
	if status == exitUsage || test.status >= 400 {
		assert.Empty(t, stdout)
	}
	for line := range strings.Lines(stdout) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
		assert.Equal(t, strings.TrimRight(line, " \n"), strings.TrimRight(line, "\n"), "blanks at the end")
	}
	got := fmt.Sprintf("$ caddy dcr %s\n--- asked\n%s\n--- stdout\n%s--- stderr\n%s--- exit status %d\n", test.args, server.asked, stdout, stderr, status)
	compareGolden(t, strings.ReplaceAll(test.golden, " ", "_"), strings.ReplaceAll(got, address, "ADDRESS"))
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "command", name+".txt")
	if *updateCommands {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(nil)
	address := server.Listener.Addr().String()
	server.Close()
	stdout, stderr, status := runCommand("", "dcr", "app", "list", "--address", address)
	assert.Equal(t, exitFailed, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "is Caddy running?")
}

func TestTheAnswerOfAnotherServerIsNoEmptyList(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"items":[1]}`)
	}))
	defer server.Close()
	for _, flags := range [][]string{nil, {"--json"}} {
		stdout, stderr, status := runCommand("", append([]string{"dcr", "app", "list", "--address", server.Listener.Addr().String()}, flags...)...)
		assert.Equal(t, exitFailed, status)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, "it does not say that it is the gateway's")
		assert.Contains(t, stderr, "is that Caddy's admin API")
	}
}

func TestTheAddressStandsInTheConfiguration(t *testing.T) {
	server := &canned{status: 200, answer: `{"applications":[]}`}
	listener := httptest.NewServer(server)
	defer listener.Close()
	config := filepath.Join(t.TempDir(), "caddy.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"admin":{"listen":"`+listener.Listener.Addr().String()+`"}}`), 0o600))
	_, stderr, status := runCommand("", "dcr", "app", "list", "--config", config)
	assert.Zero(t, status, stderr)
	assert.Equal(t, "GET /dcr/applications", server.asked)

	_, stderr, status = runCommand("", "dcr", "app", "list", "--config", config+".missing")
	assert.Equal(t, exitFailed, status)
	assert.Contains(t, stderr, "finding the admin API")
}

func TestTheNextCommandGoesTheSameWay(t *testing.T) {
	server := httptest.NewServer(&canned{status: 201, answer: testAppJSON})
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "my config")
	require.NoError(t, os.Mkdir(dir, 0o700))
	config := filepath.Join(dir, "it's.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"admin":{"listen":"`+server.Listener.Addr().String()+`"}}`), 0o600))
	_, stderr, status := runCommand("", "dcr", "app", "create", "--name", "a", "--programmer", "b", "--channel", "c", "--scope", "d", "-c", config)
	assert.Zero(t, status, stderr)
	assert.Contains(t, stderr, "next: caddy dcr statement issue "+testApp+" --config '"+dir+`/it'\''s.json'`)
}

func TestTheRecordSaysWhoDidIt(t *testing.T) {
	server := &canned{status: 201, answer: `{}`}
	listener := httptest.NewServer(server)
	defer listener.Close()
	_, _, status := runCommand("", "dcr", "statement", "issue", testApp, "--address", listener.Listener.Addr().String())
	assert.Zero(t, status)
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Contains(t, server.asked, "@"+host)
}

func TestAStatementThatCannotBeRead(t *testing.T) {
	cmd := statementInspectCommand()
	cmd.SetIn(broken{})
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"-"})
	cmd.SilenceUsage = true
	assert.Equal(t, exitFailed, statusOf(cmd.Execute()))
}

func TestTheWordsThatCanFollow(t *testing.T) {
	server := httptest.NewServer(&canned{status: 200, answer: `{"applications":[` + testAppJSON + `,{"id":"` + testClient + `","revoked":true}],"keys":[{"id":"k1","use":"token","state":"signing"}]}`})
	defer server.Close()
	for args, want := range map[string]string{
		"revoke ":                     "client",
		"unrevoke ":                   "platform",
		"revoke platform ":            "tvOS",
		"unrevoke platform ":          "Android",
		"keys rotate ":                "statement",
		"keys show ":                  "k1\ttoken, signing",
		"revoke key ":                 "k1\ttoken, signing",
		"revoke application ":         testApp + "\tDemo 1, REF",
		"app show ":                   testApp + "\tDemo 1, REF",
		"app revoke ":                 testApp + "\tDemo 1, REF",
		"statement issue ":            testApp + "\tDemo 1, REF",
		"statement list ":             testApp + "\tDemo 1, REF",
		"client list --app ":          testApp + "\tDemo 1, REF",
		"conformance --app ":          testApp + "\tDemo 1, REF",
		"conformance --profile ":      "standards",
		"kills list --kind ":          "issuer",
		"audit list --operation ":     "key.rotate",
		"doctor --ignore ":            "store_rights",
		"check-statement --platform ": "Roku",
	} {
		stdout, _, status := runCommand("", append([]string{"__complete", "dcr", "--address", server.Listener.Addr().String()}, strings.Split(args, " ")...)...)
		assert.Zero(t, status)
		assert.Contains(t, strings.Split(stdout, "\n"), want, args)
		assert.NotContains(t, stdout, testClient, "what was revoked is not offered")
	}
}

func TestWhereNobodyAnswersNothingFollows(t *testing.T) {
	stdout, _, status := runCommand("", "__complete", "dcr", "--address", "localhost:1", "app", "show", "")
	assert.Zero(t, status)
	assert.Equal(t, ":4", strings.TrimSpace(strings.SplitN(stdout, "\n", 2)[0]), "no file names either")
}

// The commands work against the real management API, one after the other.
func TestCommandsAgainstTheRealThing(t *testing.T) {
	service := manage(t)
	server := httptest.NewServer(newAdminMux(resolved(service)))
	defer server.Close()
	do := func(status int, args ...string) string {
		t.Helper()
		stdout, stderr, got := runCommand("", append([]string{"dcr", "--address", server.Listener.Addr().String()}, args...)...)
		require.Equal(t, status, got, "%v: %s%s", args, stdout, stderr)
		return stdout + stderr
	}
	do(0, "app", "create", "--id", testApp, "--name", "Demo", "--programmer", "REF", "--channel", "REF30", "--platform", "android", "--scope", "api:client:v2")
	assert.Contains(t, do(0, "app", "list"), testApp)
	assert.Contains(t, do(0, "app", "show", testApp), "adbe.")
	jwt := do(0, "statement", "issue", testApp)
	assert.Contains(t, do(0, "statement", "inspect", strings.TrimSpace(jwt)), "approved")
	assert.Contains(t, do(0, "statement", "list", testApp), "2")
	assert.Contains(t, do(0, "client", "list"), "PLATFORM")
	assert.Contains(t, do(1, "client", "show", testClient), "there is no client")
	assert.Contains(t, do(1, "client", "revoke", testClient), "there is no client")
	assert.Contains(t, do(0, "revoke", "platform", "Apple TV"), "platform tvOS is revoked")
	assert.Contains(t, do(0, "unrevoke", "platform", "tvOS"), "platform tvOS is back")
	assert.Contains(t, do(0, "app", "revoke", testApp, "--reason", "stolen"), "gateway-1  after")
	assert.Contains(t, do(1, "statement", "inspect", strings.TrimSpace(jwt)), "stolen")
	assert.Contains(t, do(1, "statement", "issue", testApp), "was revoked")
	assert.Contains(t, do(0, "kills", "list", "--kind", "application"), testApp)
	const file = "testdata/manifest/streaming.yaml"
	assert.Contains(t, do(exitChanges, "plan", file), "+ channel REF30")
	assert.Contains(t, do(0, "apply", file, "--yes"), "applied, as change set")
	assert.Contains(t, do(0, "plan", file), "nothing to do")
	assert.Contains(t, do(0, "apply", file), "nothing to do", "there is nothing to ask")
	assert.Contains(t, do(0, "app", "list", "--channel", "REF30"), "managed")
	assert.Contains(t, do(0, "apply", file, "--release"), "released from the manifest streaming: 3")
	assert.Contains(t, do(1, "plan", "testdata/manifest/broken.yaml"), "testdata/manifest/broken.yaml:5: programmers[0].nome: nobody knows this field")
	assert.Contains(t, do(1, "plan", "testdata/manifest/refused.yaml"), "testdata/manifest/refused.yaml:8: programmers[0].channels[0].domains: domains[0]: got \"co.uk\"")
	assert.Contains(t, do(1, "plan", "testdata/manifest/missing.yaml"), "reading the manifest")
}

// TestExitStatuses runs Caddy's own Main, since what it makes of an error is
// what a script sees.
func TestExitStatuses(t *testing.T) {
	server := httptest.NewServer(&canned{status: 404, answer: `{"error":"no"}`})
	defer server.Close()
	good := httptest.NewServer(&canned{status: 200, answer: `{"applications":[]}`})
	defer good.Close()
	for name, test := range map[string]struct {
		args   string
		status int
	}{
		"fine":                {"dcr app list --address " + good.Listener.Addr().String(), 0},
		"help is fine":        {"dcr app create --help", 0},
		"refused":             {"dcr app list --address " + server.Listener.Addr().String(), 1},
		"an unknown flag":     {"dcr app list --colour", 2},
		"an unknown command":  {"dcr apps", 2},
		"a missing argument":  {"dcr app show", 2},
		"a bad UUID":          {"dcr app show demo", 2},
		"no command is given": {"dcr", 2},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMainOfCaddy$")
			cmd.Env = append(os.Environ(), "DCR_TEST_ARGUMENTS="+test.args)
			text, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if err != nil {
				require.True(t, errors.As(err, &exit), "%v", err)
			}
			assert.Equal(t, test.status, cmd.ProcessState.ExitCode(), string(text))
			assert.Equal(t, test.status == 0, !strings.Contains(string(text), "error: "), string(text))
			assert.NotContains(t, string(text), "Error:", "cobra repeats nothing")
		})
	}
}

// TestMainOfCaddy is the child of TestExitStatuses; alone it does nothing.
func TestMainOfCaddy(*testing.T) {
	if args, child := os.LookupEnv("DCR_TEST_ARGUMENTS"); child {
		os.Args = append([]string{"caddy"}, strings.Fields(args)...)
		caddycmd.Main()
		os.Exit(0)
	}
}

func TestEveryCommandAndFlagIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "cli.md"))
	require.NoError(t, err)
	dcr := &cobra.Command{Use: "dcr"}
	buildCommand(dcr)
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if !cmd.HasSubCommands() {
			assert.Contains(t, string(page), "\n### `caddy "+cmd.CommandPath()+"`\n")
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			assert.Contains(t, string(page), "`--"+f.Name, cmd.CommandPath())
		})
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(dcr)
}
