package device

import "strings"

// signs lists what betrays a platform in a User-Agent, the most telling
// first: a television's browser also says Linux, Android or Macintosh, an
// Xbox says Windows, and an iPhone says "like Mac OS X". Signs in lower case
// are found in any case, the others in theirs alone.
var signs = []struct {
	text     string
	platform Platform
}{
	{"roku", Roku},
	{"appletv", TVOS}, {"apple tv", TVOS}, {"tvos", TVOS},
	{"AFT", FireOS}, {"KF", FireOS}, // model numbers: AFTMM, KFTRWI
	{"fire tv", FireOS}, {"firetv", FireOS}, {"fireos", FireOS}, {"silk/", FireOS}, {"kindle", FireOS},
	{"xbox", Xbox},
	{"playstation", PlayStation},
	{"tizen", Tizen},
	{"web0s", WebOS}, {"webos", WebOS}, {"netcast", WebOS},
	{"crkey", Chromecast},
	{"iphone", IOS}, {"ipad", IOS}, {"ipod", IOS}, {"ios/", IOS}, {"ios ", IOS},
	{"android", Android}, {"dalvik", Android}, {"okhttp", Android},
	{"cros", ChromeOS},
	{"windows", Windows},
	{"macintosh", MacOS}, {"mac os x", MacOS}, {"macos", MacOS},
	{"cfnetwork", IOS}, // Apple's library names no system; phones far outnumber the rest
	{"linux", Linux}, {"x11", Linux},
}

// maxUserAgent is how much of a User-Agent is looked at.
const maxUserAgent = 512

// fromUserAgent guesses. A browser on a computer is Browser, because the page
// neither knows nor cares what is below it.
func fromUserAgent(userAgent string) Platform {
	if len(userAgent) > maxUserAgent {
		userAgent = userAgent[:maxUserAgent]
	}
	lower := strings.ToLower(userAgent)
	for _, sign := range signs {
		if mentions(lower, sign.text) || mentions(userAgent, sign.text) {
			return unlessBrowser(sign.platform, strings.HasPrefix(lower, "mozilla/"))
		}
	}
	return Other
}

// unlessBrowser turns a computer's system into Browser.
func unlessBrowser(platform Platform, inBrowser bool) Platform {
	switch platform {
	case Windows, MacOS, Linux, ChromeOS:
		if inBrowser {
			return Browser
		}
	}
	return platform
}

// mentions says whether the sign begins a word of the text, so that "ios "
// finds iOS and not "Helios ".
func mentions(text, sign string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], sign)
		if i < 0 {
			return false
		}
		i += from
		if i == 0 || !isWordByte(text[i-1]) {
			return true
		}
		from = i + 1
	}
}

func isWordByte(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }
