"""Chinese as it is spoken on the telephone: numbers, money, dates, times, pinyin. Pure."""
