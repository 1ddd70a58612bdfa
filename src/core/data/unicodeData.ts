/**
 * Data of Unicode 17.0.0, made by `node scripts/unicode.mjs`; not edited by hand. Copyright © Unicode, Inc., under the
 * Unicode License V3 (https://www.unicode.org/license.txt). From:
 * confusables.txt, SHA-256 091c7f82fc39ef208faf8f94d29c244de99254675e09de163160c810d13ef22a
 * DerivedJoiningType.txt, SHA-256 f39ebe974825d6736aee15582250307aa532b2cfab3caf3f86bd23fddc9c5c4d
 * UnicodeData.txt, SHA-256 2e1efc1dcb59c575eedf5ccae60f95229f706ee6d031835247d843c11d96470c
 */

/** Joining_Type Dual_Joining and Left_Joining: letters that join the one after them. The inside of a character class. */
export const joinsNext =
  '\\u{620}\\u{626}\\u{628}\\u{62a}-\\u{62e}\\u{633}-\\u{63f}\\u{641}-\\u{647}\\u{649}-\\u{64a}\\u{66e}-\\u{66f}\\u{678}-\\u{687}\\u{69a}-\\u{6bf}\\u{6c1}-\\u{6c2}\\u{6cc}\\u{6ce}\\u{6d0}-\\u{6d1}\\u{6fa}-\\u{6fc}\\u{6ff}\\u{712}-\\u{714}\\u{71a}-\\u{71d}\\u{71f}-\\u{727}\\u{729}\\u{72b}\\u{72d}-\\u{72e}\\u{74e}-\\u{758}\\u{75c}-\\u{76a}\\u{76d}-\\u{770}\\u{772}\\u{775}-\\u{777}\\u{77a}-\\u{77f}\\u{7ca}-\\u{7ea}\\u{841}-\\u{845}\\u{848}\\u{84a}-\\u{853}\\u{855}\\u{860}\\u{862}-\\u{865}\\u{868}\\u{886}\\u{889}-\\u{88d}\\u{88f}\\u{8a0}-\\u{8a9}\\u{8af}-\\u{8b0}\\u{8b3}-\\u{8b8}\\u{8ba}-\\u{8c8}\\u{1807}\\u{1820}-\\u{1878}\\u{1887}-\\u{18a8}\\u{18aa}\\u{a840}-\\u{a872}\\u{10ac0}-\\u{10ac4}\\u{10acd}\\u{10ad3}-\\u{10adc}\\u{10ade}-\\u{10ae0}\\u{10aeb}-\\u{10aee}\\u{10b80}\\u{10b82}\\u{10b86}-\\u{10b88}\\u{10b8a}-\\u{10b8b}\\u{10b8d}\\u{10b90}\\u{10bad}-\\u{10bae}\\u{10d00}-\\u{10d21}\\u{10d23}\\u{10ec3}-\\u{10ec4}\\u{10ec6}-\\u{10ec7}\\u{10f30}-\\u{10f32}\\u{10f34}-\\u{10f44}\\u{10f51}-\\u{10f53}\\u{10f70}-\\u{10f73}\\u{10f76}-\\u{10f81}\\u{10fb0}\\u{10fb2}-\\u{10fb3}\\u{10fb8}\\u{10fbb}-\\u{10fbc}\\u{10fbe}-\\u{10fbf}\\u{10fc1}\\u{10fc4}\\u{10fca}-\\u{10fcb}\\u{1e900}-\\u{1e943}'

/** Joining_Type Dual_Joining and Right_Joining: letters that join the one before them. */
export const joinsPrevious =
  '\\u{620}\\u{622}-\\u{63f}\\u{641}-\\u{64a}\\u{66e}-\\u{66f}\\u{671}-\\u{673}\\u{675}-\\u{6d3}\\u{6d5}\\u{6ee}-\\u{6ef}\\u{6fa}-\\u{6fc}\\u{6ff}\\u{710}\\u{712}-\\u{72f}\\u{74d}-\\u{77f}\\u{7ca}-\\u{7ea}\\u{840}-\\u{858}\\u{860}\\u{862}-\\u{865}\\u{867}-\\u{86a}\\u{870}-\\u{882}\\u{886}\\u{889}-\\u{88f}\\u{8a0}-\\u{8ac}\\u{8ae}-\\u{8c8}\\u{1807}\\u{1820}-\\u{1878}\\u{1887}-\\u{18a8}\\u{18aa}\\u{a840}-\\u{a871}\\u{10ac0}-\\u{10ac5}\\u{10ac7}\\u{10ac9}-\\u{10aca}\\u{10ace}-\\u{10ad6}\\u{10ad8}-\\u{10ae1}\\u{10ae4}\\u{10aeb}-\\u{10aef}\\u{10b80}-\\u{10b91}\\u{10ba9}-\\u{10bae}\\u{10d01}-\\u{10d23}\\u{10ec2}-\\u{10ec4}\\u{10ec6}-\\u{10ec7}\\u{10f30}-\\u{10f44}\\u{10f51}-\\u{10f54}\\u{10f70}-\\u{10f81}\\u{10fb0}\\u{10fb2}-\\u{10fb6}\\u{10fb8}-\\u{10fbf}\\u{10fc1}-\\u{10fc4}\\u{10fc9}-\\u{10fca}\\u{1e900}-\\u{1e943}'

/** Canonical_Combining_Class 9: signs that join two consonants of an Indic script. */
export const viramas =
  '\\u{94d}\\u{9cd}\\u{a4d}\\u{acd}\\u{b4d}\\u{bcd}\\u{c4d}\\u{ccd}\\u{d3b}-\\u{d3c}\\u{d4d}\\u{dca}\\u{e3a}\\u{eba}\\u{f84}\\u{1039}-\\u{103a}\\u{1714}-\\u{1715}\\u{1734}\\u{17d2}\\u{1a60}\\u{1b44}\\u{1baa}-\\u{1bab}\\u{1bf2}-\\u{1bf3}\\u{2d7f}\\u{a806}\\u{a82c}\\u{a8c4}\\u{a953}\\u{a9c0}\\u{aaf6}\\u{abed}\\u{10a3f}\\u{11046}\\u{11070}\\u{1107f}\\u{110b9}\\u{11133}-\\u{11134}\\u{111c0}\\u{11235}\\u{112ea}\\u{1134d}\\u{113ce}-\\u{113d0}\\u{11442}\\u{114c2}\\u{115bf}\\u{1163f}\\u{116b6}\\u{1172b}\\u{11839}\\u{1193d}-\\u{1193e}\\u{119e0}\\u{11a34}\\u{11a47}\\u{11a99}\\u{11c3f}\\u{11d44}-\\u{11d45}\\u{11d97}\\u{11f41}-\\u{11f42}\\u{1612f}'

/**
 * Unicode Technical Standard 39, section 4: characters that pass for one ASCII character, as hexadecimal code points.
 * Characters that NFKC turns into ASCII are left out. `l` stands for I, 1 and | too, and `O` for 0.
 */
export const passingFor: readonly (readonly [ascii: string, codes: string])[] = [
  ['!', '1c3 2d51'],
  ['&', 'a778'],
  [
    "'",
    'b4 2b9 2bb 2bc 2bd 2be 2c8 2ca 2cb 2f4 374 384 55a 55d 5d9 5f3 7f4 7f5 144a 16cc 1fbd 1fbf 1ffd 1ffe 2018 2019 201b 2032 2035 a78c 16f51 16f52',
  ],
  ['(', '2768 2772 3014 fd3e'],
  [')', '2769 2773 3015 fd3f'],
  ['*', '66d 204e 2217 1031f'],
  ['+', '16ed 2795 1029b 1e6e9'],
  [',', 'b8 60d 66b 201a a4f9'],
  ['-', '2d7 6d4 2010 2011 2012 2013 2043 2212 2796 2cba 2cbb fe58'],
  ['.', '660 6f0 701 702 a4f8 a60e 10a50 1d16d'],
  ['/', '1735 2041 2044 2215 2571 27cb 29f8 2cc6 2cc7 2f03 3033 30ce 31d3 4e3f 1d23a'],
  ['2', '1a7 3e8 14bf a644 a6ef a75a'],
  ['3', '1b7 21c 417 4e0 969 ae9 2c9c 2cc4 2ccc a76a a7ab 118ca 16f3b 1d206'],
  ['4', '13ce 118af'],
  ['5', '1bc 118bb'],
  ['6', '3ec 431 13ee 2cd2 2cd3 2cdc 118d5'],
  ['7', '104d2 118c6 1d212'],
  ['8', '222 223 9ea a6a b03 1031a 1e8cb'],
  ['9', '9ed a67 b68 d6d 2cca 2ccb a76e 118ac 118cc 118d6'],
  [':', '2d0 2f8 589 5c3 703 704 903 a83 16ec 1803 1809 205a 2236 a4fd a789 11dd9'],
  ['<', '2c2 1438 16b2 2039 276e 1d236'],
  ['=', '1400 2e40 30a0 a4ff'],
  ['>', '2c3 1433 203a 276f 16f3f 1d237'],
  ['?', '241 294 97d 13ae a6eb'],
  ['A', '391 410 13aa 15c5 a4ee 102a0 16f40 1d6a8 1d6e2 1d71c 1d756 1d790'],
  ['B', '392 412 13f4 15f7 2c82 a4d0 a7b4 10282 102a1 10301 1d6a9 1d6e3 1d71d 1d757 1d791'],
  ['C', '3f9 421 13df 2ca4 a4da 102a2 10302 10415 1051c 118e9 118f2 1f74c'],
  ['D', '13a0 15de 15ea a4d3'],
  ['E', '395 415 13ac 22ff 2d39 a4f0 10286 118a6 118ae 1d6ac 1d6e6 1d720 1d75a 1d794'],
  ['F', '3dc 15b4 a4dd a798 10287 102a5 10525 118a2 118c2 1d213 1d7ca'],
  ['G', '50c 13c0 13f3 a4d6'],
  ['H', '397 41d 13bb 157c 2c8e a4e7 102cf 1d6ae 1d6e8 1d722 1d75c 1d796'],
  ['J', '37f 408 13ab 148d a4d9 a7b2'],
  ['K', '39a 41a 13e6 16d5 2c94 a4d7 10518 1d6b1 1d6eb 1d725 1d75f 1d799'],
  ['L', '13de 14aa 2cd0 a4e1 1041b 10526 118a3 118b2 16f16 1d22a'],
  ['M', '39c 3fa 41c 13b7 15f0 16d6 2c98 a4df 102b0 10311 1d6b3 1d6ed 1d727 1d761 1d79b'],
  ['N', '39d 2c9a a4e0 10513 1d6b4 1d6ee 1d728 1d762 1d79c'],
  [
    'O',
    '39f 41e 555 7c0 b20 ce6 12d0 2c9e 2d54 3007 a4f3 10292 102ab 10404 104c2 10516 118b5 118e0 11de0 1d6b6 1d6f0 1d72a 1d764 1d79e',
  ],
  ['P', '3a1 420 13e2 146d 2ca2 2cce a4d1 10295 1d6b8 1d6f2 1d72c 1d766 1d7a0'],
  ['Q', '2d55'],
  ['R', '1a6 13a1 13d2 1587 a4e3 104b4 16f35 1d216'],
  ['S', '405 54f 13d5 13da a4e2 10296 10420 16f3a'],
  ['T', '3a4 422 13a2 22a4 27d9 2ca6 a4d4 10297 102b1 10315 118bc 16f0a 1d6bb 1d6f5 1d72f 1d769 1d7a3 1f768'],
  ['U', '54d 1200 144c 222a 22c3 a4f4 104ce 118b8 16f42'],
  ['V', '474 667 6f7 13d9 142f 2d38 a4e6 a6df 1051d 118a0 16f08 1d20d'],
  ['W', '51c 13b3 13d4 a4ea 118e6 118ef'],
  ['X', '3a7 425 166d 16b7 2573 2cac 2d5d a4eb a7b3 10290 102b4 10317 10322 10527 118ec 1d6be 1d6f8 1d732 1d76c 1d7a6'],
  ['Y', '3a5 3d2 423 4ae 13a9 13bd 2ca8 a4ec 102b2 118a4 16f43 1d6bc 1d6f6 1d730 1d76a 1d7a4'],
  ['Z', '396 13c3 a4dc 102f5 118a9 118e5 1d6ad 1d6e7 1d721 1d75b 1d795'],
  ['\\', '2216 27cd 29f5 29f9 2f02 31d4 4e36 1d20f 1d23b'],
  ['^', '2c4 2c6'],
  ['_', '7fa'],
  ['a', '251 3b1 430 237a 1d6c2 1d6fc 1d736 1d770 1d7aa'],
  ['b', '184 42c 13cf 1472 15af 16eb6'],
  ['c', '3f2 441 1004 105a 1d04 2ca5 abaf 1043d'],
  ['d', '501 13e7 146f a4d2'],
  ['e', '435 4bd 212e ab32'],
  ['f', '192 584 1e9d a799 ab35'],
  ['g', '18d 261 581 1d83'],
  ['h', '4bb 570 13c2'],
  ['i', '131 269 26a 2db 37a 3b9 456 582 13a5 1fbe 2373 2c93 a647 ab75 118c3 1d6a4 1d6ca 1d704 1d73e 1d778 1d7b2'],
  ['j', '3f3 458'],
  [
    'l',
    '196 1c0 399 406 4c0 4cf 5c0 5d5 5df 627 661 6f1 7ca 16c1 2223 23fd 2c92 2d4f a4f2 fe8d fe8e ffe8 1028a 10309 10320 11dda 11de1 16eaa 16f28 1d6b0 1d6ea 1d724 1d75e 1d798 1e8c7 1ee00 1ee80',
  ],
  ['n', '578 57c'],
  [
    'o',
    '3bf 3c3 3ed 43e 585 5e1 647 665 6be 6c1 6d5 6f5 966 9e6 a66 ae6 b66 be6 c02 c66 c82 d02 d20 d66 d82 e50 ed0 101d 1040 10ff 17e0 1d0f 1d11 2c9f ab3d fba6 fba7 fba8 fba9 fbaa fbab fbac fbad fee9 feea feeb feec 1042c 104ea 114d0 118c8 118d7 1d6d0 1d6d4 1d70a 1d70e 1d744 1d748 1d77e 1d782 1d7b8 1d7bc 1ee24 1ee64 1ee84',
  ],
  ['p', 'fe 1bf 3c1 3f1 3f8 440 2374 2ca3 2ccf 1d6d2 1d6e0 1d70c 1d71a 1d746 1d754 1d780 1d78e 1d7ba 1d7c8'],
  ['q', '51b 563 566'],
  ['r', '433 1d26 2c85 ab47 ab48 ab81'],
  ['s', '1bd 455 d1f a731 abaa 10448 118c1'],
  ['u', '28b 3c5 57d 1d1c a79f ab4e ab52 104f6 118d8 1d6d6 1d710 1d74a 1d784 1d7be'],
  ['v', '3bd 475 5d8 1d20 2228 22c1 aba9 11706 118c0 1d6ce 1d708 1d742 1d77c 1d7b6'],
  ['w', '26f 448 461 51d 561 1d21 2cbd ab83 1170a 1170e 1170f'],
  ['x', 'd7 445 1541 157d 166e 292b 292c 2a2f'],
  ['y', '263 28f 3b3 443 4af 10e7 1d8c 1eff 213d 2ca9 ab5a 118dc 1d6c4 1d6fe 1d738 1d772 1d7ac'],
  ['z', '1d22 ab93 118c4'],
  ['{', '2774 1d114'],
  ['}', '2775'],
  ['~', '2dc 1fc0 2053 223c'],
]
