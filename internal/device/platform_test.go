package device

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParsePlatformKnowsEveryPlatformInAnySpelling(t *testing.T) {
	for _, platform := range Platforms {
		for _, text := range []string{string(platform), strings.ToLower(string(platform)), strings.ToUpper(string(platform)), " " + string(platform) + " "} {
			got, err := ParsePlatform(text)
			require.NoError(t, err)
			assert.Equal(t, platform, got)
		}
	}
	for text, want := range map[string]Platform{
		"Fire TV": FireOS, "fire_tv": FireOS, "Apple-TV": TVOS, "JavaScript": Browser, "PS4": PlayStation, "Web0S": WebOS, "System 7": "",
	} {
		got, err := ParsePlatform(text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, want == "", err != nil)
	}
}

func TestParsePlatformNamesTheChoicesWhenItRefuses(t *testing.T) {
	for _, text := range []string{"", "Betamax", "-"} {
		_, err := ParsePlatform(text)
		require.Error(t, err)
		for _, platform := range Platforms {
			assert.ErrorContains(t, err, string(platform))
		}
	}
}

func TestEveryAliasLeadsToAPlatformOfTheSet(t *testing.T) {
	for alias, platform := range aliases {
		assert.True(t, slices.Contains(Platforms, platform), alias)
		assert.Equal(t, fold(alias), alias, "an alias that is not folded is never found")
	}
}

func TestThePlatformOfAUserAgent(t *testing.T) {
	cases := []struct {
		name, userAgent string
		want            Platform
	}{
		{"an iPhone app", "AppName/1.0 (iPhone; iOS 17.4; Scale/3.00)", IOS},
		{"an iPad's Safari", "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15", IOS},
		{"Apple's library", "AppName/12 CFNetwork/1494.0.7 Darwin/23.4.0", IOS},
		{"an Apple TV", "AppleTV11,1/17.4", TVOS},
		{"an Apple TV app", "AppName/1.0 (Apple TV; tvOS 17.4)", TVOS},
		{"an Android app", "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)", Android},
		{"an Android library", "okhttp/4.12.0", Android},
		{"a Fire TV", "Dalvik/2.1.0 (Linux; U; Android 9; AFTMM Build/PS7233)", FireOS},
		{"a Fire TV's browser", "Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 Silk/120.1", FireOS},
		{"a newspaper whose name begins like a Fire TV", "Aftenposten/1.0 (Linux; Android 14)", Android},
		{"a Fire tablet", "Dalvik/2.1.0 (Linux; U; Android 9; KFTRWI)", FireOS},
		{"a Roku", "Roku/DVP-12.5 (12.5.0.4178-88)", Roku},
		{"a Samsung television", "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36", Tizen},
		{"an LG television", "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36", WebOS},
		{"an Xbox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36", Xbox},
		{"a PlayStation", "Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15", PlayStation},
		{"a Chromecast", "Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 CrKey/1.56", Chromecast},
		{"a browser on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120", Browser},
		{"a browser on a Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15", Browser},
		{"a browser on ChromeOS", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36", Browser},
		{"a browser on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", Browser},
		{"a program on Windows", "AppName/1.0 (Windows 11)", Windows},
		{"a program on a Mac", "AppName/1.0 (macOS 14.4)", MacOS},
		{"a name that ends like a system", "Helios 1.0", Other},
		{"curl", "curl/8.5.0", Other},
		{"nothing", "", Other},
		{"a sign beyond what is looked at", strings.Repeat("x ", 300) + "Android", Other},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, fromUserAgent(c.userAgent))
		})
	}
}
