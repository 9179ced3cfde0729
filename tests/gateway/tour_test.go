package gateway

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// shellBlock is a fenced block of shell in a document.
var shellBlock = regexp.MustCompile("(?s)\n```sh\n(.*?)```\n")

// blocks are the shell blocks of a document, in order.
func blocks(t *testing.T, document string) []string {
	t.Helper()
	var found []string
	for _, match := range shellBlock.FindAllStringSubmatch(read(t, document), -1) {
		found = append(found, match[1])
	}
	require.NotEmpty(t, found, "%s has no shell block", document)
	return found
}

func read(t *testing.T, document string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), document))
	require.NoError(t, err)
	return string(text)
}

// tourPorts finds the ports of the example, which is written for a machine of
// its own; the test moves them to free ones.
var tourPorts = regexp.MustCompile(`(localhost|127\.0\.0\.1):(\d{4,5})`)

func movePorts(t *testing.T, text string) *strings.Replacer {
	t.Helper()
	moved := map[string]bool{}
	var pairs []string
	for _, match := range tourPorts.FindAllStringSubmatch(text, -1) {
		if port := match[2]; !moved[port] {
			moved[port] = true
			pairs = append(pairs, ":"+port, ":"+strconv.Itoa(harness.FreePort(t)))
		}
	}
	return strings.NewReplacer(pairs...)
}

// tour starts the example and answers how to run a script beside it.
func tour(t *testing.T) (g *harness.Gateway, run func(script string) string) {
	t.Helper()
	example := read(t, "Caddyfile.example")
	move := movePorts(t, example)
	g = harness.Start(t, harness.Config{
		Caddyfile: strings.Replace(move.Replace(example), "{\n", "{\n\tadmin localhost:{ADMIN}\n", 1),
	})
	require.NoError(t, os.Mkdir(filepath.Join(g.Dir, "bin"), 0o755))
	require.NoError(t, os.Symlink(harness.Binary(t), filepath.Join(g.Dir, "bin", "caddy")))
	return g, func(script string) string {
		t.Helper()
		command := exec.Command("bash", "-euo", "pipefail", "-c", move.Replace(script))
		command.Dir = g.Dir
		command.Env = append(os.Environ(), "CADDY_ADMIN="+g.Admin, "HOME="+g.Dir)
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s\n%s", script, output)
		return string(output)
	}
}

func TestTheTourOfTheREADMEIsTrue(t *testing.T) {
	_, run := tour(t)
	output := run(strings.Join(blocks(t, "README.md"), "\n"))
	assert.Contains(t, output, `"backend": "rest_v2"`)
	assert.Contains(t, output, `"X-DCR-Channel": "REF30"`)
	assert.Contains(t, output, `"X-DCR-Programmer": "Demo"`)
	assert.Contains(t, output, `"Authorization": ""`)
	assert.Contains(t, output, "invalid_access_token_client_application", "after the revocation")
}

func TestTheTourIsWhatMakeRunPrints(t *testing.T) {
	output, err := exec.Command(filepath.Join(harness.Root(), "scripts", "tour.sh")).Output()
	require.NoError(t, err)
	for _, block := range blocks(t, "README.md") {
		assert.Contains(t, string(output), block)
	}
}

func TestTheCommandsOfTheEndpointsPageRun(t *testing.T) {
	_, run := tour(t)
	output := run(strings.Join(blocks(t, "docs/endpoints.md"), "\n"))
	assert.Contains(t, output, `"token_endpoint":"http`)
	assert.Contains(t, output, `"keys":[`)
	assert.Contains(t, output, `"authorization_servers":["http`)
	assert.Contains(t, output, `"redirect_uris":["https://example.com/done"]`, "the registration is read")
	assert.Contains(t, output, `"backend": "rest_v2"`, "the token opens the API")
	assert.Contains(t, output, `"scope":"analytics:client api:client:v2"`, "the key gets a token")
	assert.Contains(t, output, `"active":true`)
	assert.Contains(t, output, "invalid_access_token", "after the revocation")
	assert.True(t, strings.HasSuffix(output, "204\n"), "the registration is ended: %s", output)
}

func TestTheExampleServesItsDemoApplicationOnEveryAPI(t *testing.T) {
	_, run := tour(t)
	output := run(`
		field() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p'; }
		S=$(bin/caddy dcr statement issue 897029da-2b35-429e-ad45-6f6bf5de7a95)
		C=$(curl -sS http://localhost:8080/o/client/register -H 'Content-Type: application/json' -d "{\"software_statement\":\"$S\"}")
		T=$(curl -sS http://localhost:8080/o/client/token -d grant_type=client_credentials \
			-d client_id="$(field client_id <<<"$C")" -d client_secret="$(field client_secret <<<"$C")" | field access_token)
		call() { curl -sS -X "$1" "http://localhost:8080$2" -H "Authorization: Bearer $T"; }
		call GET /api/v2/REF30/configuration
		call GET '/api/v1/tokens/authn?requestor=REF30'
		call GET '/adobe-services/config?requestor_id=REF30'
		call DELETE '/reset-tempass/v3/reset?requestor_id=REF30&mvpd_id=T'
		call GET '/control/v3/degradation/REF30/all?programmer=REF30'
		call GET /control/v3/mvpd-proxies/demo-proxy/mvpds
		call GET '/esm/v3/year?requestor-id=REF30'
		curl -sS http://localhost:9180/metrics
	`)
	for _, profile := range profiles {
		assert.Contains(t, output, `"backend": "`+profile+`"`)
	}
	assert.Contains(t, output, "caddy_dcr_")
}
