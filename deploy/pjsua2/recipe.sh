# How callbot's own build of PJSIP is made. Sourced by deploy/pjsua2.sh; every change here makes a new wheel.

VERSION=2.17
SOURCE_SHA256=6860c2f7604b4eee75f38151a9ef69774eb3f0c5286fc1d14bc1db2dc5a9e8aa
BUILD_PACKAGES="build-essential dpkg-dev swig libssl-dev uuid-dev libopus-dev libsrtp2-dev libspeexdsp-dev libspeex-dev libgsm1-dev"

FLAGS="-O2 -fPIC -DNDEBUG"
# Bridge and codecs run at 8 kHz, so nothing is resampled; Debian strips the bundled codecs and takes the system's.
CONFIGURE="--enable-epoll --disable-video --disable-sound --disable-libwebrtc --disable-libyuv --with-external-srtp
    --with-external-speex --with-external-gsm --disable-ilbc-codec --disable-g7221-codec --disable-resample"

compile() ( # from $source_file to a wheel in $work/wheel, for $python; $key goes into the wheel's version
    export CFLAGS="$FLAGS" CXXFLAGS="$FLAGS"
    tree=$work/pjproject
    mkdir "$tree" &&
        tar -xf "$source_file" -C "$tree" --strip-components=1 &&
        cp deploy/pjsua2/config_site.h "$tree/pjlib/include/pj/config_site.h" &&
        # Debian strips a driver for Windows sound cards that the makefile still names.
        echo 'int pjmedia_bdimad_stripped;' >"$tree/pjmedia/src/pjmedia-audiodev/bdimad_dev.c" &&
        cd "$tree" &&
        # shellcheck disable=SC2086  # a list of words
        ./aconfigure $CONFIGURE &&
        make dep &&
        make -j "$(nproc)" lib &&
        cd pjsip-apps/src/swig/python &&
        make pjsua2_wrap.cpp &&
        # The name of the index's wheel, which it replaces; the local version says whose it is.
        sed -i -e 's/^setup(name="pjsua2"/setup(name="pjsua2-python"/' \
            -e "s/^#print .*/pj_version += '+callbot.$key'/" setup.py &&
        # Its own symbols first: whatever else the process has loaded must not take their place.
        LDFLAGS="-Wl,-Bsymbolic -Wl,-s" "$python" -m pip --disable-pip-version-check wheel --no-index --no-deps \
            --no-build-isolation --use-pep517 --wheel-dir "$work/wheel" .
)
