package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

func post(authorization ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/o/client/token", nil)
	r.Header["Authorization"] = authorization
	return r
}

func TestEveryErrorHasItsGoldenForm(t *testing.T) {
	for _, code := range oautherr.Codes {
		t.Run(string(code), func(t *testing.T) {
			w := httptest.NewRecorder()
			WriteError(w, post(), oautherr.New(code, "what is wrong").Because(errors.New("redis 10.0.0.1 secret")))
			golden, err := os.ReadFile(filepath.Join("testdata", string(code)+".txt"))
			require.NoError(t, err)
			assert.Equal(t, strings.TrimSpace(string(golden)), fmt.Sprintf("%d %s", w.Code, w.Body))
			assert.Equal(t, "application/json;charset=UTF-8", w.Header().Get("Content-Type"))
			assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			assert.Equal(t, "no-cache", w.Header().Get("Pragma"))
			assert.Equal(t, strconv.Itoa(w.Body.Len()), w.Header().Get("Content-Length"))
			assert.NotContains(t, w.Body.String(), "secret")
		})
	}
}

func TestAnErrorOfOursShowsNothingAndBlamesNobody(t *testing.T) {
	w := httptest.NewRecorder()
	WriteError(w, post("Basic eA=="), fmt.Errorf("dial 10.0.0.1: refused"))
	assert.Contains(t, w.Body.String(), oautherr.TemporarilyUnavailable)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.NotContains(t, w.Body.String(), "10.0.0.1")
	assert.Empty(t, w.Header().Get("WWW-Authenticate"))
}

func TestTheBasicChallengeGoesToWhoTriedBasicAndToServers(t *testing.T) {
	cases := []struct {
		name          string
		profile       Profile
		code          oautherr.Code
		authorization []string
		status        int
		challenge     bool
	}{
		{"invalid client in the body, Adobe", Adobe, oautherr.InvalidClient, nil, 400, false},
		{"invalid client in the body, standard", Standard, oautherr.InvalidClient, nil, 400, false},
		{"invalid client by Basic, Adobe", Adobe, oautherr.InvalidClient, []string{"Basic eA=="}, 400, true},
		{"invalid client by Basic, standard", Standard, oautherr.InvalidClient, []string{"Basic eA=="}, 401, true},
		{"invalid client by basic in small letters", Standard, oautherr.InvalidClient, []string{"basic eA=="}, 401, true},
		{"invalid client beside a bearer token", Standard, oautherr.InvalidClient, []string{"Bearer x"}, 400, false},
		{"invalid client in the body, introspection", Introspection, oautherr.InvalidClient, nil, 401, true},
		{"invalid client by Basic, introspection", Introspection, oautherr.InvalidClient, []string{"Basic eA=="}, 401, true},
		{"another error, introspection", Introspection, oautherr.InvalidRequest, nil, 400, false},
		{"another error by Basic", Standard, oautherr.InvalidScope, []string{"Basic eA=="}, 400, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			c.profile.WriteError(w, post(c.authorization...), oautherr.New(c.code, ""))
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, c.challenge, w.Header().Get("WWW-Authenticate") != "")
			if c.challenge {
				assert.Equal(t, `Basic realm="token", charset="UTF-8"`, w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func TestAMethodErrorSaysWhichMethodsThereAre(t *testing.T) {
	w := httptest.NewRecorder()
	WriteError(w, post(), fmt.Errorf("reading: %w", MethodNotAllowed(http.MethodPost, http.MethodGet)))
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
	assert.Equal(t, "POST, GET", w.Header().Get("Allow"))
	assert.JSONEq(t, `{"error":"method_not_allowed","error_description":"use POST, GET"}`, w.Body.String())
}

func TestAnErrorMayBringAChallengeOfItsOwn(t *testing.T) {
	w := httptest.NewRecorder()
	err := fmt.Errorf("managing: %w", Challenged(oautherr.New(oautherr.InvalidToken, "no"), `Bearer realm="x"`))
	Standard.WriteError(w, post(), err)
	assert.Contains(t, w.Body.String(), oautherr.InvalidToken)
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Equal(t, []string{`Bearer realm="x"`}, w.Header().Values("WWW-Authenticate"))
}

func TestAnAnswerOfAStatusAloneIsNotKeptEither(t *testing.T) {
	for status, length := range map[int]string{http.StatusOK: "0", http.StatusNoContent: ""} {
		w := httptest.NewRecorder()
		WriteNothing(w, status)
		assert.Equal(t, status, w.Code)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Equal(t, "no-cache", w.Header().Get("Pragma"))
		assert.Equal(t, length, w.Header().Get("Content-Length"))
		assert.Empty(t, w.Header().Get("Content-Type"))
		assert.Empty(t, w.Body.String())
	}
}

func TestRetryAfterIsSpreadAndNeverTooSoon(t *testing.T) {
	cases := []struct {
		name        string
		err         error
		least, most int
	}{
		{"503 without a computed wait", oautherr.New(oautherr.TemporarilyUnavailable, ""), 5, 20},
		{"429 without a computed wait", oautherr.New(oautherr.TooManyRequests, ""), 5, 20},
		{"a computed wait", RetryAfter(oautherr.New(oautherr.TooManyRequests, ""), 1500*time.Millisecond), 2, 3},
		{"a wait below a second", RetryAfter(oautherr.New(oautherr.TooManyRequests, ""), time.Millisecond), 1, 2},
		{"a wrapped long wait", fmt.Errorf("x: %w", RetryAfter(oautherr.New(oautherr.TemporarilyUnavailable, ""), time.Minute)), 60, 90},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			least, most := math.MaxInt, 0
			for range 300 {
				w := httptest.NewRecorder()
				WriteError(w, post(), c.err)
				seconds, err := strconv.Atoi(w.Header().Get("Retry-After"))
				require.NoError(t, err)
				least, most = min(least, seconds), max(most, seconds)
			}
			assert.GreaterOrEqual(t, least, c.least)
			assert.LessOrEqual(t, most, c.most)
			assert.Less(t, least, most, "all answers say the same second")
		})
	}
}

func TestAClientThatComesBackAloneIsToldTheTimeAndNoMore(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Millisecond: "1", 1500 * time.Millisecond: "2", time.Minute: "60"} {
		for range 50 {
			w := httptest.NewRecorder()
			WriteError(w, post(), RetryExactly(oautherr.New(oautherr.TooManyRequests, ""), wait))
			assert.Equal(t, want, w.Header().Get("Retry-After"), wait)
		}
	}
}

func TestADescriptionHasOnlyTheCharactersThatTheRFCAllows(t *testing.T) {
	w := httptest.NewRecorder()
	WriteError(w, post(), oautherr.New(oautherr.InvalidScope, "a\"b\\c\nd\x00eé"))
	var body errorBody
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	assert.Equal(t, "a.b.c.d.e.", body.Description)
}

func TestAnAnswerThatCannotBeWrittenIsOurFault(t *testing.T) {
	w := httptest.NewRecorder()
	WriteJSON(w, http.StatusOK, math.Inf(1))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.JSONEq(t, `{"error":"temporarily_unavailable"}`, w.Body.String())
}

func TestTheStatusIsKnownBeforehand(t *testing.T) {
	basic := httptest.NewRequest(http.MethodPost, "/", nil)
	basic.SetBasicAuth("id", "secret")
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodPost, "/", nil), basic} {
		for _, p := range []Profile{Adobe, Standard, Introspection} {
			for _, err := range []error{oautherr.New(oautherr.InvalidClient, ""), oautherr.New(oautherr.InvalidRequest, ""), errors.New("a fault")} {
				w := httptest.NewRecorder()
				p.WriteError(w, r, err)
				assert.Equal(t, w.Code, p.StatusOf(r, err))
			}
		}
	}
}
